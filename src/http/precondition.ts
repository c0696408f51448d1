import { type Fault, preconditionFailed } from "../fault.ts";
import type { Precondition } from "../store/index.ts";
import { ifMatchHolds, readEntityTags } from "./conditional.ts";

/**
 * What a change asks of the file it changes (RFC 9110, section 13.1). `If-None-Match` counts for `*` alone:
 * there is no use in changing whatever is not a certain version.
 */
export function preconditionOf(headers: Headers): Precondition {
  const ifMatch = headers.get("If-Match");
  if (ifMatch !== null) return { etags: readEntityTags(ifMatch) };
  return headers.get("If-None-Match")?.trim() === "*" ? "absent" : "none";
}

/** Throws the fault of a read that is meant for other versions than the one with this ETag; `file` says of what. */
export function checkIfMatch(headers: Headers, etag: string, file: string): void {
  const ifMatch = headers.get("If-Match");
  if (ifMatch !== null && !ifMatchHolds(ifMatch, etag)) throw notThatVersion(file);
}

/** The fault of a request that was meant for another version; `file` says of what, as in `config aa-bb-cc-dd-ee-ff`. */
export function otherVersion(precondition: Precondition, file: string): Fault {
  return precondition === "absent"
    ? preconditionFailed("If-None-Match", `${file} exists already`)
    : notThatVersion(file);
}

function notThatVersion(file: string): Fault {
  return preconditionFailed("If-Match", `${file} is not, or no longer, of that version`);
}
