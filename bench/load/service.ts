import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startBroker, type TestBroker } from "../../test/support/broker.ts";
import { environment, type ServiceProcess, startServiceProcess } from "../../test/support/service-process.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { SAVE_TEMPLATE } from "./content.ts";

/** The service as operators run it: a process of its own, log level info, with a Mosquitto. `running` ends both. */
export async function startMeasured(
  running: AsyncDisposableStack,
  dataDir?: string,
): Promise<{ readonly service: ServiceProcess; readonly broker: TestBroker }> {
  const broker = running.use(await startBroker());
  const folder = dataDir ?? join(running.use(await tempDir()).path, "data");
  const service = running.use(await startServiceProcess(environment(folder, broker.mqtt)));
  return { service, broker };
}

/** A file with a save's body, for `load.lua`. */
export async function saveTemplate(running: AsyncDisposableStack): Promise<string> {
  const file = join(running.use(await tempDir()).path, "save.json");
  await writeFile(file, SAVE_TEMPLATE);
  return file;
}
