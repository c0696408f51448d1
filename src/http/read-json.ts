import * as v from "valibot";
import { validationFailed } from "../fault.ts";
import { readJsonBody } from "./body.ts";
import type { AppContext } from "./env.ts";
import { schemaFault } from "./schema-fault.ts";

/** A small JSON body by its schema. Throws `validationFailed` on the first member that is wrong, else on "body". */
export async function readJson<S extends v.GenericSchema>(
  c: AppContext,
  schema: S,
  mostBytes: number,
): Promise<v.InferOutput<S>> {
  const parsed = v.safeParse(schema, parse(await readJsonBody(c, mostBytes)));
  if (parsed.success) return parsed.output;
  throw schemaFault(parsed.issues, "body");
}

function parse(bytes: Uint8Array): unknown {
  const value = parseJson(bytes);
  if (Array.isArray(value)) throw validationFailed("body", "must be a JSON object"); // To a schema, it is one.
  return value;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw validationFailed("body", "is not JSON", {}, { cause });
  }
}
