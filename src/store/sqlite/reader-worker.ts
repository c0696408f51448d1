import { parentPort, workerData } from "node:worker_threads";
import { openForReading } from "./database.ts";
import { readAssets, readConfigs } from "./reads.ts";

/** The reads that may touch every row. */
const lists = { readConfigs, readAssets };

export type ListVerb = keyof typeof lists;
export type ListPage<V extends ListVerb> = Parameters<(typeof lists)[V]>[1];
export type ListRows<V extends ListVerb> = ReturnType<(typeof lists)[V]>;

/** A list that somebody waits for. */
export type ListRequest = {
  readonly [V in ListVerb]: { readonly verb: V; readonly page: ListPage<V> };
}[ListVerb];

export type ListAnswer =
  | { readonly kind: "read"; readonly rows: ListRows<ListVerb> }
  | { readonly kind: "failed"; readonly reason: string };

const db = openForReading(workerData as string);

parentPort?.on("message", (request: ListRequest | "close") => {
  if (request === "close") {
    db.close();
    parentPort?.close();
    return;
  }
  parentPort?.postMessage(read(request));
});

function read({ verb, page }: ListRequest): ListAnswer {
  try {
    // The union of requests pairs each verb with its own page; the compiler cannot follow that through a look-up.
    const list = lists[verb] as (from: typeof db, page: ListPage<ListVerb>) => ListRows<ListVerb>;
    return { kind: "read", rows: list(db, page) };
  } catch (error) {
    return { kind: "failed", reason: String(error) };
  }
}
