import * as v from "valibot";
import { invalidMac } from "../fault.ts";

/** A MAC address, `aa-bb-cc-dd-ee-ff`. Takes hyphens, colons or neither, in either case, but never a mixture. */
export const Mac = v.pipe(
  v.string(),
  v.regex(
    /^[\da-fA-F]{2}([-:]?)([\da-fA-F]{2}\1){4}[\da-fA-F]{2}$/,
    "not a MAC address; expected the format aa-bb-cc-dd-ee-ff",
  ),
  v.transform((text) =>
    text
      .toLowerCase()
      .replace(/[-:]/g, "")
      .replace(/..(?!$)/g, "$&-"),
  ),
  v.brand("Mac"),
);
export type Mac = v.InferOutput<typeof Mac>;

/** Reads a MAC address that came from outside. Throws `invalidMac` (INVALID_OPERATION) on anything else. */
export function parseMac(text: string): Mac {
  const parsed = v.safeParse(Mac, text);
  if (!parsed.success) throw invalidMac(text);
  return parsed.output;
}
