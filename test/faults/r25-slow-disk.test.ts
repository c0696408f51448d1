import { expect } from "bun:test";
import { join } from "node:path";
import { macs, percentile, timed } from "../support/load.ts";
import { row } from "../support/row.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { tracedInto, wholeTrace } from "../support/strace.ts";
import { tempDir } from "../support/temp-dir.ts";

const FLUSH_MS = 20;
const SAVERS = 16;
const UPLOADERS = 8;
const FETCHES = 2_000;
/** Who takes less has not waited for a flush: the rest is up to the machine's mood. */
const NOISE_MS = FLUSH_MS / 2;

row(
  "R25",
  "where every flush takes 20 ms, reads do not notice, saves share their flushes, uploads wait for none of each other's",
  { rounds: { test: 0, full: 2 }, needs: ["strace"] },
  async ({ rounds, did }) => {
    for (let round = 0; round < rounds; round++) {
      const before = await fetchBesideChanges();
      const slow = await fetchBesideChanges(`delay_exit=${FLUSH_MS * 1_000}`);
      for (const what of ["configs", "assets"] as const) {
        const p99 = percentile(99, slow.fetches[what]);
        const most = 3 * percentile(99, before.fetches[what]) + NOISE_MS;
        expect({ what, p99, most, held: p99 <= most }).toMatchObject({ held: true });
      }
      expect(slow.saves / slow.flushesOfLog).toBeGreaterThan(2);
      // Of its bytes, its claim, its name and its row: one after another, they would take at least so long.
      expect(percentile(50, slow.uploadsTookMs)).toBeLessThan(UPLOADERS * 4 * FLUSH_MS);
      did("saves", slow.saves);
      did("uploads", slow.uploadsTookMs.length);
      did("flushes of 20 ms", slow.flushes);
      did("fetches meanwhile", 2 * FETCHES);
    }
  },
);

/** What devices, operators and pipelines meet at once, while strace does this to each flush. Nothing may be refused. */
async function fetchBesideChanges(inject?: string) {
  await using dir = await tempDir();
  const log = join(dir.path, "calls.txt");
  const calls = { calls: "fsync,fdatasync", ...(inject !== undefined && { inject }) };
  const uploadsTookMs: number[] = [];
  const fetches = { configs: [] as number[], assets: [] as number[] };
  let saves = 0;
  {
    const env = environment(join(dir.path, "data"));
    await using service = await startServiceProcess(env, tracedInto(log, calls, "-y"));
    const [mac = "", ...others] = macs(1 + SAVERS);
    await service.saveConfig(mac, { filling: "x".repeat(2_000) });
    await service.uploadAsset("fw.bin", new Uint8Array(100_000));
    let isOver = false;
    const savers = others.map(async (own) => {
      for (; !isOver; saves++) await service.saveConfig(own, { saves });
    });
    const uploaders = Array.from({ length: UPLOADERS }, async (_, own) => {
      for (let turn = 0; !isOver; turn++) {
        uploadsTookMs.push(
          ...(await timed([`${own} ${turn}`], (bytes) => service.uploadAsset(`${own}.bin`, bytes))),
        );
      }
    });
    const fetching = async () => {
      const turns = Array<null>(FETCHES).fill(null);
      fetches.configs = await timed(turns, () => service.fetchConfig(mac));
      fetches.assets = await timed(turns, () => service.fetchAsset("fw.bin"));
      isOver = true;
    };
    await Promise.all([fetching(), ...savers, ...uploaders]);
  }
  const flushes = (await wholeTrace(log)).split("\n").filter((line) => / fsync\(| fdatasync\(/.test(line));
  const flushesOfLog = flushes.filter((line) => line.includes("-wal>")).length;
  return { fetches, saves, uploadsTookMs, flushes: flushes.length, flushesOfLog };
}
