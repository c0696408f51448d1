import { revisionNotFound } from "../fault.ts";
import { type AppContext, readRollback } from "../http/index.ts";
import type { Log } from "../ops/index.ts";
import type { Store } from "../store/index.ts";
import type { Mac } from "./mac.ts";
import { saveContent } from "./save.ts";

/** Saves an old content anew: a rollback is a change like any other, with a revision and an announcement of its own. */
export async function rollBack(
  parts: { readonly store: Store; readonly log: Log },
  mac: Mac,
  c: AppContext,
): Promise<Response> {
  const { to, message } = await readRollback(c);
  const contentBytes = await parts.store.findContent(mac, to);
  if (contentBytes === null) throw revisionNotFound("config", mac, to);
  const content = new TextDecoder().decode(contentBytes);
  return saveContent(parts, mac, { content, contentBytes, allowOverwrite: true, message }, c);
}
