import type * as v from "valibot";
import { type Fault, validationFailed } from "../fault.ts";

/** The fault of what a schema refuses, on its first member that is wrong, else on the whole. */
export function schemaFault([issue]: readonly v.BaseIssue<unknown>[], whole: "body" | "query"): Fault {
  const field = String(issue?.path?.[0]?.key ?? whole);
  return validationFailed(field, issue === undefined ? "is wrong" : reasonOf(issue));
}

/** What schemas say of names, and not of their values, is the library's own wording. */
function reasonOf({ type, expected, received, message }: v.BaseIssue<unknown>): string {
  if (type === "strict_object" && expected === "never") return "is not known here";
  return type.endsWith("object") && received === "undefined" ? "is missing" : message;
}
