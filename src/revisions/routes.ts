import { accepts } from "hono/accepts";
import * as v from "valibot";
import { recordNotFound, revisionNotFound, validationFailed } from "../fault.ts";
import { type AppContext, parseRevision, RevisionNumber, type Routes, readQuery } from "../http/index.ts";
import { parseReading } from "../images/index.ts";
import { contentETag, type FileKey, type Revision, type Store } from "../store/index.ts";
import { jsonPatch, textDiff } from "./diff.ts";
import { answerImage, ImageAnswer } from "./image-answer.ts";

const ROWS_AT_MOST = 1_000;
const ROWS_BY_DEFAULT = 100;
const JSON_PATCH = "application/json-patch+json";
const TEXT = "text/plain";

const RevisionEntry = v.object({
  revision: v.pipe(v.number(), v.integer()),
  etag: v.pipe(v.nullable(v.string()), v.description("Of its bytes; null of a delete")),
  size: v.pipe(v.nullable(v.pipe(v.number(), v.integer())), v.description("In bytes")),
  sha256: v.nullable(v.string()),
  created_at: v.pipe(v.string(), v.isoTimestamp()),
  author: v.nullable(v.string()),
  message: v.nullable(v.string()),
  deleted: v.boolean(),
  image: v.pipe(v.nullable(ImageAnswer), v.description("What an asset's bytes say of themselves")),
});

export const RevisionList = v.object({
  revisions: v.array(RevisionEntry),
  next_cursor: v.pipe(v.nullable(v.string()), v.description("Null at the end")),
});

export const ListQuery = v.object({
  limit: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[1-9]\d{0,3}$/, "must be a whole number from 1 to 9999"),
      v.description(`How many at the most, ${ROWS_BY_DEFAULT} where it is left out`),
      v.transform((text) => Math.min(Number(text), ROWS_AT_MOST)),
    ),
  ),
  cursor: v.pipe(v.optional(RevisionNumber), v.description("`next_cursor` of the page before")),
});

export interface RevisionParts {
  readonly store: Store;
  /** How a part of a path becomes a file's name; each throws the fault of what is none. */
  readonly parseMac: (text: string) => string;
  readonly parseFileName: (text: string) => string;
}

/** What a file was, and what has changed in it. */
export function revisionRoutes({ store, parseMac, parseFileName }: RevisionParts): Routes {
  const mac = (c: AppContext): string => parseMac(c.req.param("mac") ?? "");
  const config = (c: AppContext): FileKey => ({ kind: "configs", name: mac(c) });
  const asset = (c: AppContext): FileKey => ({
    kind: "assets",
    name: parseFileName(c.req.param("filename") ?? ""),
  });
  return (app) => {
    app.get("/api/configs/:mac/revisions", (c) => list(store, config(c), c));
    app.get("/api/assets/:filename/revisions", (c) => list(store, asset(c), c));
    app.get("/api/configs/:mac/revisions/:revision/diff", (c) => diff(store, mac(c), c));
  };
}

async function list(store: Store, file: FileKey, c: AppContext): Promise<Response> {
  const { limit = ROWS_BY_DEFAULT, cursor = null } = readQuery(ListQuery, c.req.query());
  const revisions = await store.listRevisions(file, cursor, limit);
  if (revisions.length === 0 && cursor === null) throw recordNotFound(wordFor(file), file.name);
  const last = revisions.at(-1);
  const body: v.InferOutput<typeof RevisionList> = {
    revisions: revisions.map(entryOf),
    next_cursor: revisions.length < limit || last === undefined ? null : String(last.revision),
  };
  return Response.json(body, { headers: { "Cache-Control": "private, no-cache" } });
}

async function diff(store: Store, mac: string, c: AppContext): Promise<Response> {
  const to = parseRevision(c.req.param("revision") ?? "", "revision");
  const against = c.req.query("against");
  const from = against === undefined ? to - 1 : parseRevision(against, "against");
  if (from === 0) {
    await contentOf(store, mac, to); // Where there is no such revision, that comes first.
    throw validationFailed("against", "is needed: revision 1 has none before it");
  }
  const [before, after] = await Promise.all([contentOf(store, mac, from), contentOf(store, mac, to)]);
  const type = accepts(c, {
    header: "Accept",
    supports: [JSON_PATCH, "application/json", TEXT],
    default: JSON_PATCH,
  });
  const headers = { "Cache-Control": "private, no-cache", Vary: "Accept" };
  if (type !== TEXT) {
    return new Response(jsonPatch(before, after), { headers: { ...headers, "Content-Type": JSON_PATCH } });
  }
  const name = (revision: number) => `${mac}@${revision}`;
  const text = textDiff({ name: name(from), content: before }, { name: name(to), content: after });
  return new Response(text, { headers: { ...headers, "Content-Type": `${TEXT}; charset=utf-8` } });
}

async function contentOf(store: Store, mac: string, revision: number): Promise<string> {
  const bytes = await store.findContent(mac, revision);
  if (bytes === null) throw revisionNotFound("config", mac, revision);
  return new TextDecoder().decode(bytes);
}

/** The one place where a revision becomes snake_case. */
function entryOf(revision: Revision): v.InferOutput<typeof RevisionEntry> {
  const { sha256, size, createdAt, author, message, reading } = revision;
  return {
    revision: revision.revision,
    etag: sha256 === null ? null : contentETag(sha256),
    size,
    sha256,
    created_at: createdAt.toISOString(),
    author,
    message,
    deleted: sha256 === null,
    image: reading === null ? null : answerImage(parseReading(reading).image),
  };
}

function wordFor({ kind }: FileKey): "config" | "asset" {
  return kind === "configs" ? "config" : "asset";
}
