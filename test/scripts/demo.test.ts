import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/deadline.ts";
import { freePort } from "../support/free-port.ts";
import { tempDir } from "../support/temp-dir.ts";
import { gone, NpmStart } from "./npm-start.ts";

const TIMEOUT_MS = 120_000;

test(
  "npm start -- --demo has 20 devices that catch up, beside what is there and untouched by its settings",
  async () => {
    await using dir = await tempDir();
    const dataDir = join(dir.path, "data");
    const real = { MQTT_URL: "mqtt://broker.invalid", SIGNING_KEY_PATH: "/nonexistent/key.pem" };
    await using start = new NpmStart(dataDir, await freePort(), ["--demo"], real);
    await start.ready();
    await until("most devices have the firmware", async () => (await havingIt(start)) >= 14, 60_000);
    expect(existsSync(dataDir)).toBe(false);
    const { devices } = await read(start, "/api/devices");
    expect(devices).toHaveLength(20);

    const running = await Bun.file(join(`${dataDir}-demo`, "running.json")).json();
    start.signal("SIGINT", "group");
    expect(await start.ended()).toBe(0);
    expect(start.said.all.join("\n")).toContain("simulated.bin: who has the newest revision");
    await gone(Object.values<{ pid: number }>(running).map(({ pid }) => pid));
  },
  TIMEOUT_MS,
);

async function havingIt(start: NpmStart): Promise<number> {
  const { states = {} } = await read(start, "/api/convergence?file=simulated.bin");
  const { fetched = 0, alive = 0, running = 0 } = states;
  return fetched + alive + running;
}

interface Answer {
  readonly states?: Readonly<Record<string, number>>;
  readonly devices?: unknown;
}

async function read(start: NpmStart, path: string): Promise<Answer> {
  return JSON.parse(await (await fetch(`${start.url}${path}`)).text());
}
