import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SCHEMA_VERSION } from "../../src/store/index.ts";
import { CommandLine } from "../support/command-line.ts";
import { until } from "../support/deadline.ts";
import { startTestService } from "../support/service.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { canMountDisks, smallDisk } from "../support/small-disk.ts";
import { tempDir } from "../support/temp-dir.ts";
import { CELLAR, filledDataDir, keepSome, keptBy, keptIn, namesUnder } from "./kept.ts";

/** A process has to start first, on a machine that may be busy. */
const PATIENCE_MS = 20_000;

const DAY_MS = 24 * 60 * 60_000;

describe("a backup", () => {
  test("is taken beside a running service, and is one file that any tar makes a data directory of", async () => {
    await using dir = await tempDir();
    const dataDir = join(dir.path, "data");
    await using service = await startTestService({ dataDir });
    await keepSome(service);
    const file = join(dir.path, "backup.tar");
    const said = await new CommandLine(dataDir).succeed("backup", file);
    expect(said).toMatch(/^\/.*backup\.tar: 2 configs and 4 assets, \d+ kB; read back, and sound\n$/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);

    const byTar = join(dir.path, "by-tar");
    await mkdir(byTar);
    expect(Bun.spawnSync(["tar", "-xf", file, "-C", byTar]).exitCode).toBe(0);
    await using restored = await startTestService({ dataDir: byTar });
    expect(await keptBy(restored)).toEqual(await keptBy(service));
    expect(await restored.saveConfig(CELLAR, {})).toMatchObject({ revision: 3 }); // Of the deleted one, too.
  });

  test("begins with a manifest of all that is in it, as --json says it too", async () => {
    await using dir = await tempDir();
    const dataDir = await filledDataDir(dir.path);
    const file = join(dir.path, "backup.tar");
    const report = await new CommandLine(dataDir).json("backup", file);
    const names = Bun.spawnSync(["tar", "-tf", file]).stdout.toString().trim().split("\n");
    expect(names.slice(0, 2)).toEqual(["manifest.json", "iotsupport.db"]);
    expect(names.slice(2)).toEqual(names.slice(2).toSorted());
    expect(names.slice(2).every((name) => /^blobs\/[\da-f]{64}$/.test(name))).toBe(true);
    const manifest = Bun.spawnSync(["tar", "-xOf", file, "manifest.json"]).stdout.toString();
    const { version } = await Bun.file("package.json").json();
    const stated = {
      schema_version: SCHEMA_VERSION,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      configs: 2,
      assets: 4,
      pending_announcements: 0,
      blobs: { count: 4, bytes: 60_000 + "plug firmware 1.4.2".length + "lamp firmware 1".length },
    };
    expect(JSON.parse(manifest)).toEqual({
      format: "iotsupport backup",
      format_version: 1,
      iotsupport_version: version,
      database: { bytes: expect.any(Number), sha256: expect.stringMatching(/^[\da-f]{64}$/) },
      ...stated,
    });
    expect(report).toEqual({
      command: "backup",
      ok: true,
      file,
      bytes: (await stat(file)).size,
      ...stated,
    });
  });

  test("leaves nothing beside its file, neither there nor in DATA_DIR", async () => {
    await using dir = await tempDir();
    const dataDir = await filledDataDir(dir.path);
    const before = await namesUnder(dataDir);
    await mkdir(join(dir.path, "backups"));
    await new CommandLine(dataDir).succeed("backup", join(dir.path, "backups/backup.tar"));
    expect(await namesUnder(dataDir)).toEqual(before);
    expect(await readdir(join(dir.path, "backups"))).toEqual(["backup.tar"]);
  });

  test("holds what a service that was killed had answered", async () => {
    await using dir = await tempDir();
    const dataDir = join(dir.path, "data");
    {
      await using service = await startServiceProcess(environment(dataDir));
      await keepSome(service);
    }
    const file = join(dir.path, "backup.tar");
    await new CommandLine(dataDir).succeed("backup", file);
    await new CommandLine(join(dir.path, "restored")).succeed("restore", file);
    expect(await keptIn(join(dir.path, "restored"))).toEqual(await keptIn(dataDir));
  });

  test("overwrites nothing", async () => {
    await using dir = await tempDir();
    const dataDir = await filledDataDir(dir.path);
    const file = join(dir.path, "backup.tar");
    await writeFile(file, "mine");
    const { exitCode, stderr } = await new CommandLine(dataDir).run("backup", file);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: `iotsupport: ${file} is there already, and is not overwritten; name a new one\n`,
    });
    expect(await readFile(file, "utf8")).toBe("mine");
  });

  test("into a folder that is not there fails, and says so", async () => {
    await using dir = await tempDir();
    const dataDir = await filledDataDir(dir.path);
    const { exitCode, stderr } = await new CommandLine(dataDir).run(
      "backup",
      join(dir.path, "no/backup.tar"),
    );
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^iotsupport: ENOENT: .*\/no/);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  const broken: readonly [how: string, breakIt: (blob: string) => Promise<void>, message: RegExp][] = [
    [
      "lost",
      (blob) => rm(blob),
      /the bytes of asset lamp\.bin are not in DATA_DIR: iotsupport check tells more/,
    ],
    ["cut short", (blob) => writeFile(blob, "lamp"), /asset lamp\.bin is damaged: blobs\/[\da-f]{64} /],
    ["grown", (blob) => writeFile(blob, "!", { flag: "a" }), /asset lamp\.bin is damaged: /],
    ["changed", (blob) => writeFile(blob, Buffer.alloc(60_000)), /asset lamp\.bin is damaged: /],
  ];
  test.each(broken)("of an asset whose bytes are %s is refused by its name", async (_, breakIt, message) => {
    await using dir = await tempDir();
    const dataDir = await filledDataDir(dir.path);
    await breakIt(await largestBlob(dataDir));
    await mkdir(join(dir.path, "backups"));
    const { exitCode, stderr } = await new CommandLine(dataDir).run(
      "backup",
      join(dir.path, "backups/backup.tar"),
    );
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(message);
    expect(await readdir(join(dir.path, "backups"))).toEqual([]);
    expect(await readdir(join(dataDir, "tmp"))).toEqual([]);
  });

  test.each(["SIGINT", "SIGTERM"] as const)("that %s stops leaves nothing behind", async (signal) => {
    await using dir = await tempDir();
    const { dataDir, backups } = await withLargeAsset(dir.path);
    const command = new CommandLine(dataDir).begin("backup", join(backups, "backup.tar"));
    await until("the backup began", async () => (await readdir(backups)).length > 0, PATIENCE_MS);
    command.signal(signal);
    expect(await command.ended()).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: `iotsupport: stopped by ${signal}\n`,
    });
    expect(await readdir(backups)).toEqual([]);
    expect(await readdir(join(dataDir, "tmp"))).toEqual([]);
  });

  test("that is killed leaves no file of its name, and what it leaves is swept once it is a day old", async () => {
    await using dir = await tempDir();
    const { dataDir, backups } = await withLargeAsset(dir.path);
    const commandLine = new CommandLine(dataDir);
    const command = commandLine.begin("backup", join(backups, "backup.tar"));
    await until(
      "the backup began",
      async () => (await readdir(join(dataDir, "tmp"))).length > 0,
      PATIENCE_MS,
    );
    await until(
      "it is written",
      async () => (await namesUnder(backups)).some((name) => name.endsWith(".tar")),
      PATIENCE_MS,
    );
    await command.kill();
    const [leftover = "", ...others] = await readdir(backups);
    expect(leftover).toMatch(/^\.iotsupport-.*\.partial$/);
    expect(others).toEqual([]);

    await commandLine.succeed("backup", join(backups, "second.tar"));
    expect((await readdir(backups)).toSorted()).toEqual([leftover, "second.tar"]);
    await age(join(backups, leftover));
    for (const name of await readdir(join(dataDir, "tmp"))) await age(join(dataDir, "tmp", name));
    await commandLine.succeed("backup", join(backups, "third.tar"));
    expect(await namesUnder(backups)).toEqual(["second.tar", "third.tar"]);
    await keptIn(dataDir); // A start sweeps DATA_DIR.
    expect(await readdir(join(dataDir, "tmp"))).toEqual([]);
  });

  test.skipIf(!canMountDisks)("for which there is no room fails, says so, and leaves nothing", async () => {
    await using dir = await tempDir();
    await using disk = await smallDisk("4m");
    const { dataDir } = await withLargeAsset(dir.path);
    const { exitCode, stderr } = await new CommandLine(dataDir).run("backup", join(disk.path, "backup.tar"));
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^iotsupport: the disk of \/.*backup\.tar is full, and nothing was left there; make room/,
    );
    expect(await readdir(disk.path)).toEqual([]);
  });
});

async function largestBlob(dataDir: string): Promise<string> {
  const paths = (await readdir(join(dataDir, "blobs"))).map((name) => join(dataDir, "blobs", name));
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  return paths[sizes.indexOf(Math.max(...sizes))] ?? "";
}

/** Large enough that a backup takes its time. */
async function withLargeAsset(dir: string): Promise<{ readonly dataDir: string; readonly backups: string }> {
  const dataDir = join(dir, "data");
  const backups = join(dir, "backups");
  await mkdir(backups);
  await using service = await startTestService({ dataDir });
  await keepSome(service);
  const piece = randomBytes(1024 * 1024);
  await service.uploadAsset("large.bin", Buffer.concat(Array.from({ length: 128 }, () => piece)));
  return { dataDir, backups };
}

/** A folder, and what is in it, as it is a day later. */
async function age(folder: string): Promise<void> {
  const then = new Date(Date.now() - DAY_MS - 60_000);
  for (const name of await readdir(folder)) await utimes(join(folder, name), then, then);
  await utimes(folder, then, then);
}
