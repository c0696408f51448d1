import { parentPort, workerData } from "node:worker_threads";
import { openForWriting } from "./database.ts";
import { Reserve } from "./reserve.ts";
import type { WriteRules } from "./transaction.ts";
import { type Answer, type Write, Writer } from "./writer.ts";

/** What the writing thread is started with. */
export interface WriterOptions {
  readonly databasePath: string;
  readonly reservePath: string;
  readonly rules: WriteRules;
}

/** Writes to be committed together, and the one time they all carry, in milliseconds since 1970. */
export interface Batch {
  readonly writes: readonly Write[];
  readonly now: number;
}

/** What the thread is asked. */
export type Request = Batch | "look for room" | "close";

export type Reply =
  | { readonly kind: "committed"; readonly answers: readonly Answer[] }
  | { readonly kind: "looked"; readonly hasRoom: boolean }
  | { readonly kind: "broken"; readonly reason: string };

const { databasePath, reservePath, rules } = workerData as WriterOptions;
const db = openForWriting(databasePath);
const writer = new Writer(db, new Reserve(reservePath), rules);

/**
 * An I/O error leaves open what is on disk: nothing may be written that rests on it, also no batch that has come
 * already (row R13 in docs/testing.md).
 */
let broken: Reply | null = null;

parentPort?.on("message", (request: Request) => {
  if (request === "close") {
    db.close();
    parentPort?.close();
    return;
  }
  parentPort?.postMessage(broken ?? replyTo(request));
});

function replyTo(request: Batch | "look for room"): Reply {
  try {
    if (request === "look for room") return { kind: "looked", hasRoom: writer.hasRoom() };
    return { kind: "committed", answers: writer.commit(request.writes, request.now) };
  } catch (error) {
    broken = { kind: "broken", reason: String(error) };
    return broken;
  }
}
