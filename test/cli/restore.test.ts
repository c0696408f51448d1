import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { asyncProperty, constantFrom, assert as holds, integer } from "fast-check";
import { type ParsedTarEntryWithData, packTar, unpackTar } from "modern-tar";
import { ArchiveError } from "../../src/cli/archive/manifest.ts";
import { readArchive } from "../../src/cli/archive/read-archive.ts";
import { sha256Of } from "../../src/cli/sha256.ts";
import { startBroker } from "../support/broker.ts";
import { CommandLine, runHere } from "../support/command-line.ts";
import { until } from "../support/deadline.ts";
import { startTestService } from "../support/service.ts";
import { canMountDisks, smallDisk } from "../support/small-disk.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { filledDataDir, type Kept, keepSome, keptIn, namesUnder, PORCH } from "./kept.ts";

/** A process has to start first, on a machine that may be busy. */
const PATIENCE_MS = 20_000;

let made: TempDir;
let backup: string;
let entries: readonly ParsedTarEntryWithData[];
let kept: Kept;

beforeAll(async () => {
  made = await tempDir();
  const dataDir = await filledDataDir(made.path);
  backup = join(made.path, "backup.tar");
  await new CommandLine(dataDir).succeed("backup", backup);
  entries = await unpackTar(await readFile(backup));
  kept = await keptIn(dataDir);
});
afterAll(() => made[Symbol.asyncDispose]());

describe("a restore", () => {
  test("makes a missing directory what it was when the backup was taken", async () => {
    await using dir = await tempDir();
    const dataDir = join(dir.path, "deep/data");
    const commandLine = new CommandLine(dataDir);
    const report = await commandLine.json("restore", backup);
    expect(report).toMatchObject({
      command: "restore",
      ok: true,
      file: backup,
      data_dir: dataDir,
      configs: 2,
      assets: 4,
    });
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    expect((await stat(join(dataDir, "iotsupport.db"))).mode & 0o777).toBe(0o600);
    expect(await readdir(join(dataDir, "tmp"))).toEqual([]);
    expect(await keptIn(dataDir)).toEqual(kept);
    expect(await commandLine.json("check")).toMatchObject({ ok: true });
  });

  test("sends out what waited to be announced when the backup was taken", async () => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    const dataDir = join(dir.path, "data");
    const file = join(dir.path, "backup.tar");
    {
      await using service = await startTestService({
        dataDir,
        mqtt: { ...broker.mqtt, password: "another" },
      });
      await keepSome(service);
      const report = await new CommandLine(dataDir).json("backup", file);
      expect(report).toMatchObject({ pending_announcements: 6 });
    }
    await using announced = await broker.subscribe("iotsupport/updates/#");
    const restored = join(dir.path, "restored");
    const said = await new CommandLine(restored).succeed("restore", file);
    expect(said).toContain("6 announcements that waited then will go out when the service starts");
    await using _ = await startTestService({ dataDir: restored, mqtt: broker.mqtt });
    const heard = await announced.collect("all that waited", (taken) => taken.length === 6);
    expect(new Set(heard.map(({ payload }) => payload)).size).toBe(6);
  });

  test("takes the place of a service's database in which nothing was ever saved, and leaves all else there", async () => {
    await using dir = await tempDir();
    const dataDir = join(dir.path, "data");
    await startTestService({ dataDir }).then((service) => service[Symbol.asyncDispose]());
    await mkdir(join(dataDir, "secrets"));
    await writeFile(join(dataDir, "secrets/mqtt-password"), "secret");
    await new CommandLine(dataDir).succeed("restore", backup);
    expect(await keptIn(dataDir)).toEqual(kept);
    expect(await readFile(join(dataDir, "secrets/mqtt-password"), "utf8")).toBe("secret");
  });

  test("into a directory that is in use is refused, and changes nothing", async () => {
    await using dir = await tempDir();
    const dataDir = join(dir.path, "data");
    {
      await using service = await startTestService({ dataDir });
      await service.saveConfig(PORCH, {});
      await service.deleteConfig(PORCH); // A tombstone is something, too.
    }
    const before = await readFile(join(dataDir, "iotsupport.db"));
    const { exitCode, stderr } = await new CommandLine(dataDir).run("restore", backup);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /data is in use, with 0 configs and 0 assets; move its iotsupport\.db and blobs away first/,
    );
    expect((await readFile(join(dataDir, "iotsupport.db"))).equals(before)).toBe(true);
    expect(await readdir(join(dataDir, "blobs"))).toEqual([]);
  });

  test("into a directory whose database is damaged is refused", async () => {
    await using dir = await tempDir();
    await writeFile(join(dir.path, "iotsupport.db"), "no database".repeat(1_000));
    const { exitCode, stderr } = await new CommandLine(dir.path).run("restore", backup);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/iotsupport\.db is not a database/);
  });

  test("beside a running service is refused", async () => {
    await using dir = await tempDir();
    const dataDir = join(dir.path, "data");
    await using _ = await startTestService({ dataDir });
    const { exitCode, stderr } = await new CommandLine(dataDir).run("restore", backup);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^iotsupport: another service is running on this data directory .*; stop it first/,
    );
  });

  test("of a file that is not there makes no directory for it", async () => {
    await using dir = await tempDir();
    const { exitCode, stderr } = await new CommandLine(join(dir.path, "data")).run(
      "restore",
      join(dir.path, "none"),
    );
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^iotsupport: \S*none\S* is not there; name a backup\n$/);
    expect(await readdir(dir.path)).toEqual([]);
  });

  test("that is killed anywhere leaves nothing that can be seen, or all of it; done again, it is whole", async () => {
    await using dir = await tempDir();
    const large = await largeBackup(dir.path);
    for (let round = 0; round < 4; round++) {
      const dataDir = join(dir.path, `killed-${round}`);
      const commandLine = new CommandLine(dataDir);
      const command = commandLine.begin("restore", large);
      await until(
        "it works in DATA_DIR",
        () => existsSync(join(dataDir, "tmp")) || !command.isRunning,
        PATIENCE_MS,
      );
      await Bun.sleep(round * 80); // The moment is the fault: any will do.
      const { exitCode } = await command.kill();
      if (exitCode === null && !existsSync(join(dataDir, "iotsupport.db"))) {
        await commandLine.succeed("restore", large);
      }
      expect(await commandLine.json("check")).toMatchObject({ ok: true, assets: 5, problems: [] });
    }
  });

  test.skipIf(!canMountDisks)(
    "for which there is no room fails, and leaves nothing that can be seen",
    async () => {
      await using disk = await smallDisk("1m");
      const dataDir = join(disk.path, "data");
      await writeFile(join(disk.path, "filling"), Buffer.alloc(950_000));
      const { exitCode, stderr } = await new CommandLine(dataDir).run("restore", backup);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/disk is full|no space left/);
      expectNothingIn(await namesUnder(dataDir));
    },
  );
});

describe("what is no sound backup is refused, with nothing restored:", () => {
  const cases: readonly [what: string, make: () => Promise<Uint8Array>, message: RegExp][] = [
    ["no bytes at all", async () => new Uint8Array(), /is no backup, or damaged or cut short/],
    ["no archive", async () => Buffer.alloc(10_000, "no archive"), /is no backup, or damaged or cut short/],
    ["an empty archive", () => packTar([]), /it has no manifest\.json/],
    ["an archive of something else", () => packTar([fileOf("readme.txt", "hello")]), /file "readme\.txt"/],
    [
      "one without its database",
      () => packTar(entries.filter((each) => !isDatabase(each))),
      /file "blobs\/[\da-f]+"/,
    ],
    ["one without a manifest", () => packTar(entries.slice(1)), /file "iotsupport\.db"/],
    [
      "one without its last blob",
      () => packTar(entries.slice(0, -1)),
      /the bytes of asset \S+ are missing|has 3 blobs, and states 4/,
    ],
    ["one with a blob twice", () => packTar([...entries, ...entries.slice(-1)]), /file "blobs\/[\da-f]+"/],
    [
      "one with a blob that nothing names",
      () => packTar([...entries, blobOf("a stranger")]),
      /has 5 blobs, and states 4/,
    ],
    [
      "a blob under another name",
      () => packTar([...entries.slice(0, -1), { ...blobOf("x"), data: Buffer.from("y") }]),
      /the bytes of blobs\/[\da-f]+ have another hash/,
    ],
    ["a path out of the directory", () => packTar([...entries, fileOf("../evil", "x")]), /file "\.\.\/evil"/],
    ["an absolute path", () => packTar([...entries, fileOf("/tmp/evil", "x")]), /file "\/tmp\/evil"/],
    [
      "a path below blobs",
      () => packTar([...entries, fileOf("blobs/../evil", "x")]),
      /file "blobs\/\.\.\/evil"/,
    ],
    [
      "a folder",
      () => packTar([...entries, { header: { name: "blobs/", size: 0, type: "directory" } }]),
      /directory "blobs\/"/,
    ],
    ["a symbolic link", () => packTar([...entries, linkOf("symlink")]), /symlink "blobs\/0{64}"/],
    ["a hard link", () => packTar([...entries, linkOf("link")]), /link "blobs\/0{64}"/],
    ["an extra file", () => packTar([...entries, fileOf("secrets/key", "x")]), /file "secrets\/key"/],
    ["a manifest that is no JSON", () => withManifest(() => "{"), /in manifest\.json, the whole:/],
    [
      "a manifest with another count",
      () => withManifest((text) => text.replace('"configs": 2', '"configs": 3')),
      /has 2 configs, and states 3/,
    ],
    [
      "a manifest of a negative count",
      () => withManifest((text) => text.replace('"configs": 2', '"configs": -2')),
      /in manifest\.json, configs:/,
    ],
    [
      "a huge manifest",
      () => withManifest((text) => text.padEnd(100_000)),
      /its manifest\.json is too large/,
    ],
    [
      "a newer format",
      () => withManifest((text) => text.replace('"format_version": 1', '"format_version": 2')),
      /by a newer program \(format 2, ours is 1\)/,
    ],
    [
      "a newer schema",
      () => withManifest((text) => text.replace(/"schema_version": \d+/, '"schema_version": 99')),
      /version 99, newer than this program's \d+/,
    ],
    [
      "another database",
      () => withDatabase(Buffer.from("no database".repeat(1_000))),
      /its database is not the one that was backed up/,
    ],
    [
      "a truthful manifest of no database",
      () => withDatabase(Buffer.from("no database".repeat(1_000)), true),
      /is not a database/,
    ],
  ];
  test.each(cases)("%s", async (_, make, message) => {
    await using dir = await tempDir();
    const file = join(dir.path, "backup.tar");
    await writeFile(file, await make());
    const dataDir = join(dir.path, "data");
    const { exitCode, stdout, stderr } = await runHere(dataDir, "restore", file);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expectNothingIn(await namesUnder(dataDir));
    expect((await readdir(dir.path)).toSorted()).toEqual(["backup.tar", "data"]);
  });
});

test("no database whose rows contradict each other is restored, though its hash is right", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "changed.db");
  await writeFile(path, entries.find(isDatabase)?.data ?? "");
  await chmod(path, 0o600);
  const db = new Database(path);
  db.run(`update revisions set content = cast('{"deviceName":"evil"}' as blob) where name = '${PORCH}'`);
  db.close();
  const file = join(dir.path, "backup.tar");
  await writeFile(file, await withDatabase(await readFile(path), true));
  const { exitCode, stderr } = await new CommandLine(join(dir.path, "data")).run("restore", file);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(`config ${PORCH} is damaged`);
});

test("a backup that is cut off anywhere, or of which one byte changed, is refused or gives what it held", async () => {
  await using dir = await tempDir();
  const whole = await readFile(backup);
  const original = await readInto(dir, backup);
  const cut = asyncProperty(integer({ min: 0, max: whole.length - 1 }), async (length) => {
    const file = join(dir.path, "cut.tar");
    await writeFile(file, whole.subarray(0, length));
    await expect(readInto(dir, file)).rejects.toBeInstanceOf(ArchiveError);
  });
  await holds(cut, { numRuns: 60 });
  const at = constantFrom(...Array.from({ length: whole.length }, (_, index) => index));
  const changed = asyncProperty(at, integer({ min: 1, max: 255 }), async (index, by) => {
    const bytes = Buffer.from(whole);
    bytes[index] = (bytes[index] ?? 0) ^ by;
    const file = join(dir.path, "changed.tar");
    await writeFile(file, bytes);
    const read = await readInto(dir, file).catch((error) => error);
    if (!(read instanceof ArchiveError)) expect(read).toEqual(original);
  });
  await holds(changed, { numRuns: 150 });
});

/** What a backup gives: its manifest, and the hash of all else. Rejects like `readArchive`. */
async function readInto(dir: TempDir, file: string) {
  const blobs: string[] = [];
  const manifest = await readArchive(file, {
    databasePath: join(dir.path, `${crypto.randomUUID()}.db`),
    takeBlob: async (bytes) => {
      const sha256 = await sha256Of(bytes);
      blobs.push(sha256);
      return sha256;
    },
    onBytes: () => {},
  });
  return { manifest, blobs };
}

function expectNothingIn(names: readonly string[]): void {
  expect(names.filter((name) => !["blobs", "lock.db", "tmp"].includes(name))).toEqual([]);
}

function isDatabase({ header }: ParsedTarEntryWithData): boolean {
  return header.name === "iotsupport.db";
}

function fileOf(name: string, text: string | Uint8Array): ParsedTarEntryWithData {
  const data = new Uint8Array(Buffer.from(text));
  return { header: { name, size: data.length, type: "file" }, data };
}

function blobOf(text: string): ParsedTarEntryWithData {
  return fileOf(`blobs/${Bun.CryptoHasher.hash("sha256", text, "hex")}`, text);
}

function linkOf(type: "link" | "symlink"): ParsedTarEntryWithData {
  return { header: { name: `blobs/${"0".repeat(64)}`, size: 0, type, linkname: "/etc/passwd" } };
}

function withManifest(change: (text: string) => string): Promise<Uint8Array> {
  const text = new TextDecoder().decode(entries[0]?.data);
  return packTar([fileOf("manifest.json", change(text)), ...entries.slice(1)]);
}

/** With another database, which the manifest knows of or not. */
function withDatabase(bytes: Uint8Array, isStated = false): Promise<Uint8Array> {
  const manifest = JSON.parse(new TextDecoder().decode(entries[0]?.data));
  if (isStated) {
    manifest.database = { bytes: bytes.length, sha256: Bun.CryptoHasher.hash("sha256", bytes, "hex") };
  }
  return packTar([
    fileOf("manifest.json", JSON.stringify(manifest)),
    fileOf("iotsupport.db", bytes),
    ...entries.slice(2),
  ]);
}

/** Of some more bytes, so that a restore takes its time. */
async function largeBackup(dir: string): Promise<string> {
  const dataDir = join(dir, "large");
  {
    await using service = await startTestService({ dataDir });
    await keepSome(service);
    await service.uploadAsset("large.bin", Buffer.alloc(24 * 1024 * 1024, "large"));
  }
  const file = join(dir, "large.tar");
  await new CommandLine(dataDir).succeed("backup", file);
  return file;
}
