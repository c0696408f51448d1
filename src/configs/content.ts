import * as v from "valibot";
import { ChangeMessage, parseChangeMessage } from "../change-message.ts";
import { payloadTooLarge, validationFailed } from "../fault.ts";
import { JsonError, readMembers, type Span } from "./json-members.ts";

/** How deep a content may be nested; the content itself is the first level. */
const MAX_CONTENT_DEPTH = 64;

/** The body of a save. Other members are ignored. */
export const SaveConfigBody = v.object({
  content: v.record(v.string(), v.unknown(), "must be an object"),
  allow_overwrite: v.optional(v.boolean("must be true or false"), true),
  message: v.optional(
    v.pipe(v.nullable(ChangeMessage), v.description("What the file's history says of this change")),
    null,
  ),
});

/** A content as it was written. */
export type Content = {
  readonly content: string;
  /** Its UTF-8. */
  readonly contentBytes: Uint8Array;
};

/** What a save asks for. The content is the very text that stands in the body. */
export type SaveBody = Content & { readonly allowOverwrite: boolean; readonly message: string | null };

/**
 * Reads the body of a save. The content is cut out of it as text, never parsed and printed again, so that numbers, the
 * order of names and spaces stay as they are.
 * Throws `validationFailed` on "body", "content", "allow_overwrite" or "message", and `payloadTooLarge` on "content" when the
 * content's own bytes are more than `maxConfigBytes`.
 */
export function readSaveBody(bytes: Uint8Array, maxConfigBytes: number): SaveBody {
  const body = decodeUtf8(bytes, "body");
  const members = acceptableMembers(body, "body", MAX_CONTENT_DEPTH + 1); // The body is a level around the content.
  const content = cut(body, members.get("content"));
  const { allow_overwrite: allowOverwrite, message } = checkEnvelope({
    content,
    allow_overwrite: cut(body, members.get("allow_overwrite")),
    message: cut(body, members.get("message")),
  });
  const contentBytes = new TextEncoder().encode(content);
  if (contentBytes.length > maxConfigBytes) throw payloadTooLarge("content", maxConfigBytes);
  return { content, contentBytes, allowOverwrite, message: parseChangeMessage(message) };
}

/**
 * Reads a content that stands by itself, as in a file, by the same rules. It is kept whole, spaces around it included.
 * Throws `validationFailed` and `payloadTooLarge`, both on "content".
 */
export function readContent(bytes: Uint8Array, maxConfigBytes: number): Content {
  if (bytes.length > maxConfigBytes) throw payloadTooLarge("content", maxConfigBytes);
  const content = decodeUtf8(bytes, "content");
  acceptableMembers(content, "content", MAX_CONTENT_DEPTH);
  return { content, contentBytes: bytes };
}

/** A field's text. Throws `validationFailed` on the field for a byte order mark and for what is not UTF-8. */
export function decodeUtf8(bytes: Uint8Array, field: Field): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    throw validationFailed(field, "begins with a byte order mark; expected UTF-8 without one");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw validationFailed(field, `is not UTF-8, at byte ${firstWrongByte(bytes)}`, {}, { cause });
  }
}

/** What stands by itself, and so is judged as a whole. */
type Field = "body" | "content";

/** Counted from 0, within the first sequence that is not UTF-8: that is where a lenient decoder changes something. */
function firstWrongByte(bytes: Uint8Array): number {
  const changed = new TextEncoder().encode(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
  const at = bytes.findIndex((byte, index) => byte !== changed[index]);
  return at === -1 ? bytes.length : at;
}

function acceptableMembers(text: string, field: Field, maxDepth: number): ReadonlyMap<string, Span> {
  try {
    return readMembers(text, maxDepth);
  } catch (cause) {
    if (!(cause instanceof JsonError)) throw cause;
    const { line, column } = cause;
    throw validationFailed(field, `is not acceptable JSON: ${cause.message}`, { line, column }, { cause });
  }
}

/** "" where there is no such member: no JSON value is written so. */
function cut(body: string, span: Span | undefined): string {
  return span === undefined ? "" : body.slice(span.start, span.end);
}

/** The members by the schema. Of the content, which may be large, it only sees that it is an object. */
function checkEnvelope(texts: Readonly<Record<keyof typeof SaveConfigBody.entries, string>>) {
  const outline = {
    content: standIn(texts.content),
    allow_overwrite: standIn(texts.allow_overwrite),
    message: standIn(texts.message),
  };
  const envelope = v.safeParse(SaveConfigBody, outline, { abortPipeEarly: true });
  if (envelope.success) return envelope.output;
  const [issue] = envelope.issues;
  const key = issue.path?.[0]?.key;
  const field = key === "allow_overwrite" || key === "message" ? key : "content";
  const came = typeOf(texts[field]);
  const instead = issue.kind === "validation" ? "" : came === null ? ", and is missing" : `, not ${came}`;
  throw validationFailed(field, issue.message + instead);
}

/** What the schema needs to judge a value by, without parsing what may be large. */
function standIn(text: string): unknown {
  if (text === "") return undefined;
  if (/^[tfn"]/.test(text)) return JSON.parse(text);
  return text.startsWith("{") ? {} : 0; // Zero stands for all that no member may be.
}

/** The type of a JSON value, told from how it begins; null where there is none. */
function typeOf(text: string): string | null {
  const types: Readonly<Record<string, string>> = {
    "{": "an object",
    "[": "an array",
    '"': "a string",
    t: "true",
    f: "false",
    n: "null",
  };
  const [first] = text;
  return first === undefined ? null : (types[first] ?? "a number");
}
