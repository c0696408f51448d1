import { startBroker } from "../support/broker.ts";
import { HistoryLog } from "../support/history/index.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";

export interface UsualService extends AsyncDisposable {
  save(file: string): Promise<unknown>;
}

/** A service whose broker is well, to compare with on the same machine at the same time. */
export async function startUsual(dataDir: string): Promise<UsualService> {
  await using starting = new AsyncDisposableStack();
  const broker = starting.use(await startBroker());
  const service = starting.use(await startServiceProcess(environment(dataDir, broker.mqtt)));
  const client = new HistoryLog().through(service);
  const running = starting.move();
  return { save: (file) => client.save(file), [Symbol.asyncDispose]: () => running.disposeAsync() };
}
