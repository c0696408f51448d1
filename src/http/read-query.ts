import * as v from "valibot";
import { schemaFault } from "./schema-fault.ts";

/** A query's parameters by their schema. Throws `validationFailed` on the first that is wrong. */
export function readQuery<S extends v.GenericSchema>(
  schema: S,
  query: Readonly<Record<string, string>>,
): v.InferOutput<S> {
  const parsed = v.safeParse(schema, query);
  if (parsed.success) return parsed.output;
  throw schemaFault(parsed.issues, "query");
}
