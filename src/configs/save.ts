import { recordExists } from "../fault.ts";
import { type AppContext, otherVersion, preconditionOf } from "../http/index.ts";
import type { Log } from "../ops/index.ts";
import type { SaveConfig, Store } from "../store/index.ts";
import { answerConfig } from "./answer.ts";
import type { SaveBody } from "./content.ts";
import type { Mac } from "./mac.ts";
import { summaryOf } from "./summary.ts";

/** Makes a content the config's newest revision, under the request's own conditions, and answers with it. */
export async function saveContent(
  { store, log }: { readonly store: Store; readonly log: Log },
  mac: Mac,
  body: SaveBody,
  c: AppContext,
): Promise<Response> {
  const change: SaveConfig = {
    mac,
    ...summaryOf(body.content),
    content: body.contentBytes,
    sha256: new Bun.CryptoHasher("sha256").update(body.contentBytes).digest("hex"),
    allowOverwrite: body.allowOverwrite,
    precondition: preconditionOf(c.req.raw.headers),
    message: body.message,
  };
  const caller = c.get("caller");
  const outcome = await store.saveConfig(change, caller);
  if (outcome.kind === "exists") throw recordExists("config", mac);
  if (outcome.kind === "preconditionFailed") throw otherVersion(change.precondition, `config ${mac}`);

  const { version } = outcome;
  log.info({ requestId: caller.requestId, mac, revision: version.revision }, "config saved");
  return answerConfig(change, body.content, version);
}
