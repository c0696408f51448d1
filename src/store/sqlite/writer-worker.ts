import { parentPort, workerData } from "node:worker_threads";
import { openForWriting } from "./database.ts";
import { Reserve } from "./reserve.ts";
import { type Answer, type Write, Writer } from "./writer.ts";

/** What the writing thread is started with. */
export interface WriterOptions {
  readonly databasePath: string;
  readonly reservePath: string;
  readonly announces: boolean;
}

/** Writes to be committed together, and the one time they all carry, in milliseconds since 1970. */
export interface Batch {
  readonly writes: readonly Write[];
  readonly now: number;
}

export type BatchAnswer =
  | { readonly kind: "committed"; readonly answers: readonly Answer[] }
  | { readonly kind: "broken"; readonly reason: string };

const { databasePath, reservePath, announces } = workerData as WriterOptions;
const db = openForWriting(databasePath);
const writer = new Writer(db, new Reserve(reservePath), announces);

parentPort?.on("message", (batch: Batch | "close") => {
  if (batch === "close") {
    db.close();
    parentPort?.close();
    return;
  }
  parentPort?.postMessage(commit(batch));
});

/** An I/O error leaves open what is on disk: nothing may be written that rests on it (faults.md R13). */
function commit({ writes, now }: Batch): BatchAnswer {
  try {
    return { kind: "committed", answers: writer.commit(writes, now) };
  } catch (error) {
    return { kind: "broken", reason: String(error) };
  }
}
