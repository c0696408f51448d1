import { bodyCutOff, payloadTooLarge, unsupportedMediaType } from "../fault.ts";
import type { AppContext } from "./env.ts";

/** The body of a request that must be declared as JSON, at most `maxBytes` of it. Nothing beyond is kept. */
export async function readJsonBody(c: AppContext, maxBytes: number): Promise<Uint8Array> {
  const { headers } = c.req.raw;
  const type = headers.get("Content-Type");
  if (!/^\s*application\/(json|[\w.-]+\+json)\s*(;|$)/i.test(type ?? "")) {
    throw unsupportedMediaType("Content-Type", type, "application/json");
  }
  checkIsPlain(headers);
  checkDeclaredSize(headers, maxBytes);
  // A length that was declared is kept: the parser of HTTP takes no byte more, and a stream would cost thrice as much.
  return headers.has("Content-Length") ? wholeOf(c.req.raw) : collect(c.req.raw.body, maxBytes);
}

/** Compressed bodies are not taken: what they unfold to has no size that was declared. */
export function checkIsPlain(headers: Headers): void {
  const encoding = headers.get("Content-Encoding");
  if (encoding !== null && encoding.toLowerCase() !== "identity") {
    throw unsupportedMediaType("Content-Encoding", encoding, "a body that is not compressed");
  }
}

/** Refuses by its Content-Length alone a body that would be too large. */
export function checkDeclaredSize(headers: Headers, maxBytes: number): void {
  if (Number(headers.get("Content-Length") ?? 0) > maxBytes) throw payloadTooLarge("body", maxBytes);
}

async function wholeOf(request: Request): Promise<Uint8Array> {
  try {
    return await request.bytes();
  } catch (cause) {
    throw bodyCutOff(cause);
  }
}

/** Throws the fault of a body that is cut off before its end. */
async function* piecesOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  try {
    yield* body ?? [];
  } catch (cause) {
    throw bodyCutOff(cause);
  }
}

async function collect(body: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of piecesOf(body)) {
    size += chunk.length;
    if (size > maxBytes) throw payloadTooLarge("body", maxBytes);
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}
