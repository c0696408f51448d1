import { join } from "node:path";
import type { BrokerAccount } from "../../simulate/listener.ts";
import { within } from "../support/deadline.ts";
import { Lines } from "../support/lines.ts";

const RUN = join(import.meta.dir, "../../simulate/run.ts");
const ENDED_WITHIN_MS = 90_000;

/** `npm run simulate` as a process, to its end. */
export class Simulator implements AsyncDisposable {
  readonly said = new Lines();
  readonly #process;

  constructor(args: readonly string[], broker?: BrokerAccount) {
    const { PATH = "", HOME = "/" } = process.env;
    const mqtt = broker && {
      MQTT_URL: broker.url,
      MQTT_USERNAME: broker.username ?? "",
      MQTT_PASSWORD: broker.password ?? "",
    };
    this.#process = Bun.spawn([process.execPath, RUN, ...args], {
      env: { PATH, HOME, DATA_DIR: "/nonexistent", ...mqtt },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    void this.said.read(this.#process.stdout);
    void this.said.read(this.#process.stderr);
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  async ended(): Promise<number> {
    return await within(ENDED_WITHIN_MS, "the simulator's end", this.#process.exited);
  }

  get text(): string {
    return this.said.all.join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
  }
}
