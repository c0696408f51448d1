import * as v from "valibot";
import { validationFailed } from "./fault.ts";

const MOST_CHARACTERS = 500;

/** What its maker says of a change: shown in the file's history, in one line. */
export const ChangeMessage = v.pipe(
  v.string("must be a string"),
  v.maxLength(MOST_CHARACTERS, `must be at most ${MOST_CHARACTERS} characters long`),
);

/** Reads a message that came from outside; an empty one is none. Throws `validationFailed` on "message". */
export function parseChangeMessage(text: string | null): string | null {
  if (text === null || text === "") return null;
  const parsed = v.safeParse(ChangeMessage, text);
  if (!parsed.success) throw validationFailed("message", parsed.issues[0].message);
  if (!text.isWellFormed()) throw validationFailed("message", "must not contain a lone surrogate");
  if (/\p{Cc}|\p{Bidi_Control}/u.test(text))
    throw validationFailed("message", "must not contain control characters");
  return text;
}
