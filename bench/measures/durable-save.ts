import { join } from "node:path";
import { tempDir } from "../../test/support/temp-dir.ts";
import { expectSaves, saves } from "../load/saves.ts";
import { saveTemplate, startMeasured } from "../load/service.ts";
import type { Measure, Row } from "../measure.ts";

const LOOP = join(import.meta.dir, "../peers/commit-loop.ts");

/** Saves over HTTP, durable and announced, against what SQLite alone does with the same rows in one loop. */
export const durableSave: Measure = {
  name: "durable-save",
  needs: ["wrk", "mosquitto"],
  rows: {
    1: row("durable save, 2 KB, 1 connection", 0.2, 0.35),
    16: row("durable save, 16 connections", 1, 2.5),
    64: row("durable save, 64 connections", 1.2, 4),
  },
  async prepare({ seconds }, running) {
    const { service } = await startMeasured(running);
    const folder = running.use(await tempDir()).path;
    const template = await saveTemplate(running);
    await expectSaves(service.url);

    const loop = () => loopPerSecond(folder, seconds);
    const ours = (connections: number) => saves(service.url, connections, seconds, template);
    await ours(16);
    return async () => ({
      1: { ours: await ours(1), peer: await loop() },
      16: { ours: await ours(16), peer: await loop() },
      64: { ours: await ours(64), peer: await loop() },
    });
  },
};

function row(what: string, must: number, aim: number): Row {
  return { what, against: "a bare bun:sqlite loop", unit: "/s", goal: { better: "more", must, aim } };
}

async function loopPerSecond(folder: string, seconds: number): Promise<number> {
  const loop = Bun.spawn([process.execPath, LOOP, folder, String(seconds)], { stderr: "inherit" });
  const perSecond = Number(await loop.stdout.text());
  if (!(perSecond > 0)) throw new Error(`the bare loop ended with ${await loop.exited}`);
  return perSecond;
}
