import type { Brand } from "valibot";
import { invalidMac } from "../fault.ts";

/** A MAC address, `aa-bb-cc-dd-ee-ff`. */
export type Mac = string & Brand<"Mac">;

/** As it is kept, and as nearly all of them come. */
const own = /^[\da-f]{2}(?:-[\da-f]{2}){5}$/;
const spelling = /^[\da-f]{2}([-:]?)([\da-f]{2}\1){4}[\da-f]{2}$/i;

/**
 * Reads a MAC address that came from outside: with hyphens, colons or neither, in either case, but never a mixture.
 * Throws `invalidMac` (INVALID_OPERATION) on anything else.
 */
export function parseMac(text: string): Mac {
  if (own.test(text)) return text as Mac;
  if (!spelling.test(text)) throw invalidMac(text);
  const digits = text.toLowerCase().replace(/[-:]/g, "");
  return digits.replace(/..(?!$)/g, "$&-") as Mac;
}
