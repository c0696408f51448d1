import { expect } from "bun:test";
import { join } from "node:path";
import { startBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { HistoryLog, type LoggedClient } from "../support/history/index.ts";
import { type Link, startLink } from "../support/link.ts";
import { macs } from "../support/load.ts";
import { row } from "../support/row.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";

const [PORCH = "", CELLAR = ""] = macs(2).map((mac) => `configs/${mac}`);
const ROUNDS = { test: 2, full: 20 };

interface Parts {
  readonly log: HistoryLog;
  readonly client: LoggedClient;
  readonly link: Link;
  /** Waits until nothing waits to be announced, and gives the files that were since the last time. */
  readonly heard: () => Promise<string[]>;
}

row("R21", "what is deleted while it waits is not announced", { rounds: ROUNDS }, ({ rounds, did }) =>
  withParts(async ({ client, link, heard }) => {
    for (const file of alternating(rounds)) {
      await link.cut();
      await client.save(file);
      await client.save(CELLAR);
      await client.delete(file);
      await link.restore();
      expect(await heard()).toEqual([CELLAR]);
      did("deletes of what waited");
    }
  }),
);

row("R21", "what is deleted while in flight is not announced again", { rounds: ROUNDS }, ({ rounds, did }) =>
  withParts(async ({ client, link, heard }) => {
    for (const file of alternating(rounds)) {
      const published = link.holdPubacks();
      await client.save(file);
      await published;
      await client.delete(file);
      await link.cut(); // The PUBACK is lost: without the delete it would be announced again.
      link.letPubacksThrough();
      await link.restore();
      await client.save(CELLAR);
      expect(await heard()).toEqual([file, CELLAR]);
      did("deletes of what was in flight");
    }
  }),
);

row(
  "R21",
  "what is deleted and made anew, while it waits or in flight, is announced with a revision of its own",
  { rounds: ROUNDS },
  ({ rounds, did }) =>
    withParts(async ({ log, client, link, heard }) => {
      for (const file of alternating(rounds)) {
        await link.cut();
        await client.save(file);
        await client.delete(file);
        await client.save(file);
        await link.restore();
        expect(await heard()).toEqual([file]);

        const published = link.holdPubacks();
        await client.save(file);
        await published;
        await client.delete(file);
        await client.save(file);
        link.letPubacksThrough();
        expect(await heard()).toEqual([file, file]);
        did("made anew", 2);
      }
      expect(log.copies.filter((each) => each > 1)).toEqual([]);
    }),
);

async function withParts(run: (parts: Parts) => Promise<void>): Promise<void> {
  await using dir = await tempDir();
  await using broker = await startBroker();
  await using announced = await broker.subscribe("iotsupport/updates/#");
  await using link = await startLink(broker);
  await using service = await startServiceProcess(environment(join(dir.path, "data"), link.mqtt));
  const log = new HistoryLog();
  await until("the broker is there", async () => (await service.health()).mqtt === "connected");
  const heard = async () => {
    await until("nothing waits", async () => (await service.health()).pending_announcements === 0);
    return log.heard(await announced.upToNow());
  };
  await run({ log, client: log.through(service), link, heard });
  await log.expectToHold(service, announced);
}

function alternating(rounds: number): string[] {
  return Array.from({ length: rounds }, (_, round) => (round % 2 === 0 ? PORCH : "assets/fw.bin"));
}
