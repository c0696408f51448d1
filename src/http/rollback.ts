import * as v from "valibot";
import { ChangeMessage, parseChangeMessage } from "../change-message.ts";
import type { AppContext } from "./env.ts";
import { readJson } from "./read-json.ts";

const MOST_BYTES = 4_096;

/** What a rollback asks for. */
export const RollbackBody = v.object({
  to: v.pipe(
    v.number("must be a revision's number"),
    v.safeInteger("must be a revision's number"),
    v.minValue(1, "must be a revision's number"),
    v.description("The revision whose bytes become the newest again"),
  ),
  message: v.optional(
    v.pipe(v.nullable(ChangeMessage), v.description("What the file's history says of this change")),
    null,
  ),
});

export interface Rollback {
  readonly to: number;
  readonly message: string;
}

/** Reads the body of a rollback; without a message of its own it is given one that says what it was. */
export async function readRollback(c: AppContext): Promise<Rollback> {
  const { to, message } = await readJson(c, RollbackBody, MOST_BYTES);
  return { to, message: parseChangeMessage(message) ?? `rollback to revision ${to}` };
}
