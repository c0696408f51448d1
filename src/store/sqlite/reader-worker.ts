import { parentPort, workerData } from "node:worker_threads";
import { readConvergence, readStates } from "./convergence.ts";
import { openForReading } from "./database.ts";
import { readDevices, readDevicesAt, readDevicesNamed } from "./devices.ts";
import { readDueDevices } from "./pickups.ts";
import { readMacs } from "./published.ts";
import { readAssets, readConfigs } from "./reads.ts";
import { readFilesToReannounce } from "./reannouncements.ts";

/** The reads that may touch many rows. */
const reads = {
  readConfigs,
  readAssets,
  readDevices,
  readDevicesNamed,
  readDevicesAt,
  readDueDevices,
  readStates,
  readConvergence,
  readFilesToReannounce,
  readMacs,
};

export type ReadVerb = keyof typeof reads;
type Rest<F> = F extends (db: never, ...rest: infer R) => unknown ? R : never;
export type ReadArguments<V extends ReadVerb> = Rest<(typeof reads)[V]>;
export type ReadOutcome<V extends ReadVerb> = ReturnType<(typeof reads)[V]>;

/** A read that somebody waits for. */
export type ReadRequest = {
  readonly [V in ReadVerb]: { readonly verb: V; readonly args: ReadArguments<V> };
}[ReadVerb];

export type ReadAnswer =
  | { readonly kind: "read"; readonly outcome: ReadOutcome<ReadVerb> }
  | { readonly kind: "failed"; readonly reason: string };

const db = openForReading(workerData as string);

parentPort?.on("message", (request: ReadRequest | "close") => {
  if (request === "close") {
    db.close();
    parentPort?.close();
    return;
  }
  parentPort?.postMessage(read(request));
});

function read({ verb, args }: ReadRequest): ReadAnswer {
  try {
    // The union of requests pairs each verb with its own arguments; the compiler cannot follow that through a look-up.
    const act = reads[verb] as (from: typeof db, ...args: readonly unknown[]) => ReadOutcome<ReadVerb>;
    return { kind: "read", outcome: act(db, ...args) };
  } catch (error) {
    return { kind: "failed", reason: String(error) };
  }
}
