import { join } from "node:path";
import type { BrokerSettings } from "../../test/support/broker.ts";
import { until } from "../../test/support/deadline.ts";
import { freePort } from "../../test/support/free-port.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { PYTHON } from "../tools.ts";

const SCRIPT = join(import.meta.dir, "stand-in.py");

/** The Python stand-in with that broker. Gives its URL; `running` ends it. */
export async function startStandIn(mqtt: BrokerSettings, running: AsyncDisposableStack): Promise<string> {
  const folder = running.use(await tempDir()).path;
  const port = await freePort();
  const brokerPort = new URL(mqtt.url).port;
  const args = [folder, String(port), brokerPort, mqtt.username, mqtt.password];
  const python = Bun.spawn([PYTHON, SCRIPT, ...args], { stdio: ["ignore", "ignore", "inherit"] });
  running.defer(async () => {
    python.kill();
    await python.exited;
  });
  const url = `http://127.0.0.1:${port}`;
  await until("an answer of the Python stand-in", () =>
    fetch(url).then(
      () => true,
      () => false,
    ),
  );
  return url;
}
