import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { mkdir, open, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CommandLine, runHere } from "../support/command-line.ts";
import { startTestService } from "../support/service.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";
import { ATTIC, CELLAR, filledDataDir, keepSome, namesUnder, PORCH } from "./kept.ts";

const HOUR_MS = 60 * 60_000;
const LOST = "plug firmware 1.4.2";
const sha256Of = (text: string) => Bun.CryptoHasher.hash("sha256", text, "hex");

describe("a check", () => {
  test("finds a service's data sound, while it runs, after a kill, and after a stop", async () => {
    await using dir = await tempDir();
    const dataDir = join(dir.path, "data");
    const sound = {
      command: "check",
      ok: true,
      data_dir: dataDir,
      configs: 2,
      assets: 4,
      pending_announcements: 0,
      problems: [],
      notes: [],
    };
    const commandLine = new CommandLine(dataDir);
    {
      await using service = await startServiceProcess(environment(dataDir));
      await keepSome(service);
      expect(await commandLine.json("check")).toEqual(sound);
    }
    expect(await commandLine.json("check")).toEqual(sound);
    await startTestService({ dataDir }).then((service) => service[Symbol.asyncDispose]());
    expect(await commandLine.succeed("check")).toBe(`${dataDir}: 2 configs and 4 assets, all sound\n`);
  });

  test("raises no false alarm while assets are replaced and deleted", async () => {
    await using dir = await tempDir();
    await using service = await startTestService({ dataDir: join(dir.path, "data") });
    await keepSome(service);
    let isOver = false;
    const busy = (async () => {
      for (let number = 0; !isOver; number++) {
        await service.uploadAsset(`${number % 5}.bin`, Buffer.alloc(50_000, `${number}`));
        await service.saveConfig(PORCH, { number });
        if (number % 3 === 0) await service.request("DELETE", `/api/assets/${number % 5}.bin`);
      }
    })();
    for (let round = 0; round < 5; round++) {
      expect(await new CommandLine(join(dir.path, "data")).json("check")).toMatchObject({
        problems: [],
        notes: [],
      });
    }
    isOver = true;
    await busy;
  });

  test("changes nothing", async () => {
    await using dir = await tempDir();
    const dataDir = await filledDataDir(dir.path);
    await rm(join(dataDir, "tmp"), { recursive: true });
    const before = await contentsOf(dataDir);
    await new CommandLine(dataDir).succeed("check");
    expect(await contentsOf(dataDir)).toEqual(before);
  });

  const blobs: readonly [what: string, breakIt: (blob: string) => Promise<void>, problem: RegExp][] = [
    ["lost", (blob) => rm(blob), /^asset copy\.bin is lost: blobs\/[\da-f]{64} is missing; upload it again$/],
    [
      "changed",
      (blob) => writeFile(blob, LOST.replace("2", "3")),
      /^asset copy\.bin is damaged: blobs\/[\da-f]{64} has the hash /,
    ],
    ["cut short", (blob) => writeFile(blob, "plug"), /^asset copy\.bin is damaged/],
    ["a folder", (blob) => rm(blob).then(() => mkdir(blob)), /^asset copy\.bin is (lost|damaged)/],
  ];
  test.each(blobs)("says which asset's bytes are %s", async (_, breakIt, problem) => {
    await using dir = await tempDir();
    const dataDir = await filledDataDir(dir.path);
    await breakIt(join(dataDir, "blobs", sha256Of(LOST)));
    const { exitCode, stdout } = await runHere(dataDir, "check", "--json");
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, problems: [expect.stringMatching(problem)] });
    const words = await runHere(dataDir, "check");
    expect(words.stdout).toMatch(/\n.*: 2 configs and 4 assets, 1 problem\n$/);
  });

  const rows: readonly [problem: string, sql: string][] = [
    [
      "the database is damaged: CHECK constraint failed in revisions",
      `pragma ignore_check_constraints = on; update revisions set content = null where name = '${PORCH}'`,
    ],
    [`config ${PORCH} is missing from the list`, `delete from configs where mac = '${PORCH}'`],
    [`config ${CELLAR} is in the list, but not there`, `insert into configs (mac) values ('${CELLAR}')`],
    [
      `the newest revision of configs/${PORCH} is missing from its history`,
      `delete from revisions where name = '${PORCH}'`,
    ],
    [
      `config ${ATTIC} is damaged: its revision 1 has another hash than was saved`,
      `update revisions set content = x'7b7d' where name = '${ATTIC}' and revision = 1`,
    ],
    [
      `config ${ATTIC} has 39 bytes in revision 2, not the 1 noted`,
      `update revisions set size = 1 where name = '${ATTIC}'`,
    ],
    [
      `asset copy.bin names a blob that could be collected`,
      `update blobs set unnamed_since = 0 where sha256 = '${sha256Of(LOST)}'`,
    ],
    [
      `blob ${"0".repeat(64)} would never be collected, though no revision names it`,
      `insert into blobs values ('${"0".repeat(64)}', null)`,
    ],
    [
      `an announcement of configs/${CELLAR} waits, which is not there in that revision`,
      `insert into outbox (kind, subject, revision, committed_at) values ('configs', '${CELLAR}', 1, 0)`,
    ],
    ["the count of configs is kept as 7, and is 2", "update counts set n = 7 where name = 'configs'"],
    ["the count of assets is kept as 0, and is 4", "update counts set n = 0 where name = 'assets'"],
  ];
  test.each(rows)("says: %s", async (problem, sql) => {
    await using dir = await tempDir();
    const dataDir = await filledDataDir(dir.path);
    const db = new Database(join(dataDir, "iotsupport.db"));
    db.run(sql);
    db.close();
    const { exitCode, stdout } = await runHere(dataDir, "check", "--json");
    expect(exitCode).toBe(1);
    const { problems } = JSON.parse(stdout);
    expect(problems).toContain(problem);
  });

  test("tells a damaged database from one that is none", async () => {
    await using dir = await tempDir();
    const dataDir = await filledDataDir(dir.path);
    const path = join(dataDir, "iotsupport.db");
    const size = (await stat(path)).size;
    const file = await open(path, "r+");
    await file.write(Buffer.alloc(4_096, 0xff), 0, 4_096, size - 4_096); // Its last page.
    await file.close();
    const damaged = await runHere(dataDir, "check", "--json");
    expect(damaged.exitCode).toBe(1);
    expect(damaged.stdout).toMatch(/damaged|malformed/);
    await writeFile(path, "no database".repeat(1_000));
    const none = await runHere(dataDir, "check");
    expect(none).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/iotsupport\.db is not a database/),
    });
  });

  test("tells what takes room and does no harm, once it is old enough not to be on its way", async () => {
    await using dir = await tempDir();
    const dataDir = await filledDataDir(dir.path);
    const stray = join(dataDir, "blobs", sha256Of("stray"));
    const upload = join(dataDir, "tmp/upload");
    await writeFile(stray, "stray");
    await writeFile(upload, "half of it");
    const check = async () => JSON.parse((await runHere(dataDir, "check", "--json")).stdout);
    expect(await check()).toMatchObject({ ok: true, problems: [], notes: [] });
    await age(stray, HOUR_MS + 60_000);
    await age(upload, 25 * HOUR_MS);
    expect(await check()).toMatchObject({
      ok: true,
      problems: [],
      notes: [
        `blobs/${sha256Of("stray")} takes 5 bytes, and nothing remembers it; it may be deleted`,
        `${upload} is left from a crash; the next start removes it`,
      ],
    });
  });
});

/** Each file's bytes and time, by its path. */
async function contentsOf(dir: string): Promise<Readonly<Record<string, string>>> {
  const contents: Record<string, string> = {};
  for (const name of await namesUnder(dir)) {
    const path = join(dir, name);
    const { mtimeMs } = await stat(path);
    const bytes = (await stat(path)).isFile() ? await readFile(path, "base64") : "";
    contents[name] = name.includes("/") || bytes !== "" ? `${mtimeMs} ${bytes}` : "";
  }
  return contents;
}

async function age(path: string, ms: number): Promise<void> {
  const then = new Date(Date.now() - ms);
  await utimes(path, then, then);
}
