import * as v from "valibot";
import { validationFailed } from "../fault.ts";

/** A revision's number as it stands in an address. */
export const RevisionNumber = v.pipe(
  v.string(),
  v.regex(/^[1-9]\d{0,14}$/, "must be a revision's number: 1, 2, 3, …"),
  v.transform(Number),
);

/** Reads a revision's number. Throws `validationFailed` on `field`. */
export function parseRevision(text: string, field: string): number {
  const parsed = v.safeParse(RevisionNumber, text);
  if (!parsed.success) throw validationFailed(field, parsed.issues[0].message);
  return parsed.output;
}
