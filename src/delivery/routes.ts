import type { Blobs } from "../blobs/index.ts";
import { recordNotFound } from "../fault.ts";
import type { AppContext, Routes } from "../http/index.ts";
import type { FileKey, Store } from "../store/index.ts";
import { answerWhole, answerWithRanges } from "./answer.ts";
import { Contents } from "./contents.ts";
import { CurrentFiles } from "./current-files.ts";
import { type Offer, offer } from "./offer.ts";

export interface DeliveryParts {
  readonly store: Store;
  readonly blobs: Blobs;
  /** How a part of a path becomes a file's name; each throws the fault of what is none. */
  readonly parseMac: (text: string) => string;
  readonly parseFileName: (text: string) => string;
}

/** What devices fetch. */
export function deliveryRoutes(parts: DeliveryParts): Routes {
  const current = new CurrentFiles(parts.store);
  const contents = new Contents(parts.store);
  return (app) => {
    app.get("/api/configs/:file{[^/]+\\.json}", (c) => config(parts, current, contents, c));
    app.get("/api/assets/:filename", (c) => asset(parts, current, c));
  };
}

async function config(
  { parseMac }: DeliveryParts,
  current: CurrentFiles,
  contents: Contents,
  c: AppContext,
): Promise<Response> {
  c.set("answersOwnId", false);
  const mac = parseMac((c.req.param("file") ?? "").slice(0, -".json".length));
  const file = { kind: "configs", name: mac } as const;
  for (;;) {
    const offered = await offerOrFault(current, file, c);
    const bytes = await contents.find(mac, offered.sha256);
    if (bytes !== null) return answerWhole(c, offered, "application/json", bytes);
    await current.refresh(file); // Saved again between the two looks.
  }
}

async function asset(
  { blobs, parseFileName }: DeliveryParts,
  current: CurrentFiles,
  c: AppContext,
): Promise<Response> {
  c.set("answersOwnId", false);
  const filename = parseFileName(c.req.param("filename") ?? "");
  const offered = await offerOrFault(current, { kind: "assets", name: filename }, c);
  const open = (range?: { readonly start: number; readonly end: number }) =>
    blobs.open(offered.sha256, range);
  return answerWithRanges(c, offered, "application/octet-stream", open);
}

async function offerOrFault(current: CurrentFiles, file: FileKey, c: AppContext): Promise<Offer> {
  const found = await offer(current, file, c.get("caller"));
  if (found === null) throw recordNotFound(file.kind === "configs" ? "config" : "asset", file.name);
  return found;
}
