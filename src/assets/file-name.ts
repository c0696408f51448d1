import * as v from "valibot";
import { quote, validationFailed } from "../fault.ts";

const MAX_BYTES = 255;

/**
 * An asset's name, judged exactly as the client sent it: nothing is stripped, decoded or normalised.
 * It could name a file in a directory of any system, and shows on a terminal as it is.
 */
export const FileName = v.pipe(
  v.string(),
  v.nonEmpty("must not be empty"),
  v.check(
    (name) => Buffer.byteLength(name) <= MAX_BYTES,
    `must not be longer than ${MAX_BYTES} bytes of UTF-8`,
  ),
  v.check((name) => name.isWellFormed(), "must not contain a lone surrogate"),
  v.excludes("\uFFFD", "must not contain U+FFFD, the trace of bytes that were not UTF-8"),
  v.excludes("/", 'must not contain "/"'),
  v.excludes("\\", "must not contain a backslash"),
  v.excludes("..", 'must not contain ".."'),
  v.notValue(".", 'must not be "." alone'),
  v.check((name) => !/\p{Cc}/u.test(name), "must not contain control characters"),
  // Unicode's Bidi_Control: marks, embeddings, overrides and isolates, which make `exe.bin` of what is `nib.exe`.
  v.check(
    (name) => !/\p{Bidi_Control}/u.test(name),
    "must not contain characters that change the direction of text",
  ),
  v.brand("FileName"),
);
export type FileName = v.InferOutput<typeof FileName>;

/** Reads a file name that came from outside. Throws `validationFailed` on "filename", saying which rule it breaks. */
export function parseFileName(text: string): FileName {
  const parsed = v.safeParse(FileName, text, { abortPipeEarly: true });
  if (!parsed.success)
    throw validationFailed("filename", `${parsed.issues[0].message}; given ${quote(text)}`);
  return parsed.output;
}
