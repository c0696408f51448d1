import * as v from "valibot";
import { validationFailed } from "../fault.ts";

/** A query's parameters by their schema. Throws `validationFailed` on the first that is wrong. */
export function readQuery<S extends v.GenericSchema>(
  schema: S,
  query: Readonly<Record<string, string>>,
): v.InferOutput<S> {
  const parsed = v.safeParse(schema, query);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw validationFailed(String(issue?.path?.[0]?.key ?? "query"), issue?.message ?? "is wrong");
}
