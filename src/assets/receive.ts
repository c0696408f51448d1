import { once } from "node:events";
import { Busboy, type BusboyFileStream, type BusboyHeaders, type BusboyInstance } from "@fastify/busboy";
import type { Blobs, StagedBlob } from "../blobs/index.ts";
import { bodyCutOff, Fault, payloadTooLarge, unsupportedMediaType, validationFailed } from "../fault.ts";
import { type Arrived, missing } from "./arrived.ts";
import type { Deadlines } from "./deadlines.ts";

/** What a form may hold besides the file: the parser passes over what it has too much of, but reads it. */
export const ENVELOPE_BYTES = 64 * 1024;
const MOST_FIELD_BYTES = 4_096;
const MOST_PARTS = 16;
const MOST_HEADER_BYTES = 16 * 1024;
/**
 * What the parser is given at once, and what a part's stream holds: more. A part that is passed over and fills its
 * stream, in one write with the form's end, would leave that write waiting for ever (@fastify/busboy 3.2.6).
 */
const MOST_AT_ONCE_BYTES = 128 * 1024;
const PART_HOLDS_BYTES = 2 * MOST_AT_ONCE_BYTES;
/** And at once before the file: what comes along with it in one piece must not be found too much only after it. */
const MOST_BEFORE_FILE_BYTES = 4 * 1024;

/**
 * Reads a multipart form (RFC 7578) as it streams in: its fields into `arrived`, its file onto the disk. Throws
 * the fault that ends it as soon as there is one, with nothing left on the disk and the rest unread.
 */
export async function receive(
  request: Request,
  arrived: Arrived,
  blobs: Blobs,
  maxBytes: number,
  deadlines: Deadlines,
): Promise<StagedBlob> {
  const form = formOf(request.headers, maxBytes);
  const { promise: refused, reject: refuse } = Promise.withResolvers<never>();
  refused.catch(() => {}); // Whoever waits for it hears of it; there may be nobody yet.
  let file = null as BusboyFileStream | null; // Assigned by listeners, which the compiler does not follow.
  let staging = null as Promise<StagedBlob> | null;

  const judging = (judge: () => void) => {
    try {
      judge();
    } catch (fault) {
      refuse(fault);
    }
  };
  form.on("file", (field, stream, filename) => {
    stream.on("error", refuse); // First of all: unheard, a cut body would end the process.
    stream.on("limit", () => refuse(payloadTooLarge("file", maxBytes)));
    judging(() => {
      if (field !== "file") throw validationFailed(nameOf(field), "is no file; only the field file is one");
      arrived.filename = filename ?? "";
      arrived.judge();
      file = stream;
      staging = stage(stream, blobs);
      staging.catch(refuse);
    });
  });
  form.on("field", (field, value, isNameCut, isCut) =>
    judging(() => {
      if (isNameCut || isCut)
        throw validationFailed(nameOf(field), `is longer than ${MOST_FIELD_BYTES} bytes`);
      arrived.take(field, value);
    }),
  );
  form.on("filesLimit", () => refuse(validationFailed("file", "may be there only once")));
  form.on("partsLimit", () => refuse(validationFailed("body", `has more than ${MOST_PARTS} parts`)));
  form.on("error", (error: Error) => refuse(notMultipart(error.message)));

  const body = request.body?.getReader() as BodyReader | undefined; // Its pieces are bytes.
  try {
    // While the file runs, what of it is still on its way through the parser would count as something else.
    const besidesFile = (allBytes: number) => {
      if (file === null) return allBytes;
      return file.readableEnded ? allBytes - file.bytesRead : 0;
    };
    const mostAtOnce = () => (file === null ? MOST_BEFORE_FILE_BYTES : MOST_AT_ONCE_BYTES);
    await Promise.race([pump(body, form, mostAtOnce, besidesFile, deadlines), refused, deadlines.passed]);
    if (staging === null) throw missing("file");
    return await Promise.race([staging, refused]);
  } catch (fault) {
    body?.cancel().catch(() => {}); // It may be broken already.
    file?.destroy();
    form.destroy();
    const behind = await staging?.then((staged) => staged.discard()).catch((error) => error);
    // What ended the file ends the form's stream too, whose own error may come first and says less.
    throw !(fault instanceof Fault) && behind instanceof Fault ? behind : fault;
  }
}

/** The parser of a form. The client's file name is kept as it came: one that strips directories hides an attack. */
function formOf(headers: Headers, maxBytes: number): BusboyInstance {
  const type = headers.get("Content-Type");
  if (!/^multipart\/form-data\s*(;|$)/i.test(type ?? ""))
    throw unsupportedMediaType("Content-Type", type, "multipart/form-data");
  try {
    return new Busboy({
      headers: Object.fromEntries(headers) as BusboyHeaders, // Content-Type, all that it reads, was just checked.
      preservePath: true,
      fileHwm: PART_HOLDS_BYTES,
      isPartAFile: (field, _type, filename) => filename !== undefined || field === "file",
      limits: {
        fieldSize: MOST_FIELD_BYTES,
        fileSize: maxBytes,
        files: 1,
        parts: MOST_PARTS,
        headerPairs: 32,
        headerSize: MOST_HEADER_BYTES,
      },
    });
  } catch (error) {
    throw notMultipart(String(error));
  }
}

/** Feeds the body to the parser no faster than the disk takes the file. */
async function pump(
  body: BodyReader | undefined,
  form: BusboyInstance,
  mostAtOnce: () => number,
  besidesFile: (allBytes: number) => number,
  deadlines: Deadlines,
): Promise<void> {
  const finished = once(form, "finish");
  finished.catch(() => {}); // A fault of the form is told by its own listener.
  let allBytes = 0;
  for (;;) {
    const piece = await body?.read().catch((cause) => {
      throw bodyCutOff(cause);
    });
    if (piece?.value === undefined) break;
    deadlines.moved();
    for (let at = 0; at < piece.value.length; ) {
      const slice = piece.value.subarray(at, at + mostAtOnce());
      at += slice.length;
      allBytes += slice.length;
      const takesMore = form.write(slice);
      checkEnvelope(besidesFile(allBytes));
      if (!takesMore) await once(form, "drain");
    }
  }
  form.end();
  await finished;
  checkEnvelope(besidesFile(allBytes));
}

function checkEnvelope(bytes: number): void {
  if (bytes <= ENVELOPE_BYTES) return;
  throw validationFailed(
    "body",
    `has more than ${ENVELOPE_BYTES} bytes besides the file's; timestamp and signature take far less`,
  );
}

async function stage(stream: BusboyFileStream, blobs: Blobs): Promise<StagedBlob> {
  const staged = await blobs.stage();
  try {
    for await (const chunk of stream) await staged.write(chunk);
    return staged;
  } catch (error) {
    await staged.discard();
    throw error;
  }
}

type BodyReader = ReadableStreamDefaultReader<Uint8Array>;

function notMultipart(reason: string) {
  return validationFailed("body", `is not a whole multipart form: ${reason}`);
}

function nameOf(field: string | undefined): string {
  return field === "timestamp" || field === "signature" || field === "file" ? field : "body";
}
