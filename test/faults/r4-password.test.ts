import { expect } from "bun:test";
import { join } from "node:path";
import { startBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { HistoryLog } from "../support/history/index.ts";
import { startLink } from "../support/link.ts";
import { atOnce, macs, percentile } from "../support/load.ts";
import { row } from "../support/row.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";

const FILES = macs(20).map((mac) => `configs/${mac}`);
/** Attempts are at most so far apart, and spread over the upper half of it. */
const MOST_MS = 1_000;

row(
  "R4",
  "a broker that refuses the password is tried on; why is told in health, and in the log once per change; then all is announced",
  { waits: true },
  async ({ did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using announced = await broker.subscribe("iotsupport/updates/configs");
    const wrong = { ...broker.mqtt, password: "later" };
    await using service = await startServiceProcess(environment(join(dir.path, "data"), wrong));
    const log = new HistoryLog();
    await atOnce(4, FILES, (file) => log.through(service).save(file));
    const refused = async (times: number) => {
      const before = refusals();
      await until("refusals", () => refusals() >= before + times, 20_000);
    };
    await refused(3);
    expect(await service.health()).toMatchObject({
      status: "healthy",
      mqtt: "disconnected",
      mqtt_reason: "refused: not authorized",
      pending_announcements: FILES.length,
    });
    await broker.kill();
    await until("another reason", async () => /unreachable/.test((await service.health()).mqtt_reason ?? ""));
    await broker.restart();
    await refused(3);
    expect(service.warnings.map((line) => JSON.parse(line).trouble)).toEqual([
      "refused: not authorized",
      "unreachable: ECONNREFUSED",
      "refused: not authorized",
    ]);
    expect(service.log.all.join()).not.toContain("later");
    did("refusals", refusals());

    await broker.changePassword("later");
    await log.expectToHold(service, announced);
    expect(log.copies).toEqual(FILES.map(() => 1));
    await until("nothing waits", async () => (await service.health()).pending_announcements === 0);
    expect((await service.health()).mqtt).toBe("connected");

    await broker.changePassword("another"); // Who is connected is sent away.
    await until(
      "it is sent away",
      async () => (await service.health()).mqtt_reason === "refused: not authorized",
    );
    await atOnce(4, FILES, (file) => log.through(service).save(file));
    await broker.changePassword("later");
    await log.expectToHold(service, announced);

    function refusals(): number {
      return broker.log.matching(/disconnected, not authori[sz]ed/).length;
    }
  },
);

row(
  "R4",
  "attempts come ever later up to a second, and not in step with anyone else's",
  { rounds: { test: 8, full: 40 }, timeoutMs: 120_000, waits: true },
  async ({ rounds, isFull, did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using link = await startLink(broker);
    const wrong = { ...link.mqtt, password: "wrong" };
    await using _service = await startServiceProcess(environment(join(dir.path, "data"), wrong));
    await until("attempts", () => link.connections > rounds, 90_000);
    const pauses = link.connectedAt.slice(1).map((at, index) => at - Number(link.connectedAt[index]));
    const [first, capped] = [pauses.slice(0, 2), pauses.slice(5)];
    expect(percentile(50, first)).toBeLessThan(percentile(50, capped) / 2);
    expect(percentile(50, capped)).toBeGreaterThan(MOST_MS / 2 - 50);
    expect(percentile(50, capped)).toBeLessThan(MOST_MS + 500);
    if (isFull) expect(Math.max(...capped) - Math.min(...capped)).toBeGreaterThan(MOST_MS / 5);
    did("attempts", link.connections);
  },
);
