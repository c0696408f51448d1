import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CommandLine } from "../support/command-line.ts";
import { until } from "../support/deadline.ts";
import { macs } from "../support/load.ts";
import { row } from "../support/row.ts";
import { type Tampering, tracedInto } from "../support/strace.ts";
import { tempDir } from "../support/temp-dir.ts";

/** A process has to start first, on a machine that may be busy. */
const PATIENCE_MS = 20_000;

/** More than any step takes on so little. */
const MOST_CALLS = 200;
const SLOWLY_US = 500_000;
const CONFIGS = 5;
const ASSETS = 3;

row(
  "R14",
  "an import or a restore that is killed at any step leaves nothing that can be seen, or all; repeated, all is there",
  { needs: ["strace"], timeoutMs: 120_000 },
  async ({ isFull, did }) => {
    await using dir = await tempDir();
    const old = await oldSystem(dir.path);
    const first = new CommandLine(join(dir.path, "first"));
    await first.succeed("import", ...old);
    const backup = join(dir.path, "backup.tar");
    await first.succeed("backup", backup);

    const commandLine = new CommandLine(join(dir.path, "data"));
    for (const command of [
      ["restore", backup],
      ["import", ...old],
    ]) {
      for (let placed = 1; placed <= ASSETS; placed++) {
        await killOncePlaced(commandLine, command, placed);
        did(`kills of ${command[0]} between blobs and database`);
      }
      if (!isFull) continue;
      for (const tampering of stepsIn(commandLine.dataDir)) {
        did(`kills of ${command[0]}`, await killAtEach(commandLine, command, tampering));
      }
    }
  },
);

/** Besides those that give a name: each flush, each removal, each write of the database's log. */
function stepsIn(dataDir: string): readonly Tampering[] {
  return [
    { calls: "fsync,fdatasync" },
    { calls: "unlink,unlinkat" },
    { calls: "pwrite64", path: join(dataDir, "iotsupport.db-wal") },
  ];
}

/** Kills the command when so many blobs have got their name, each of which takes a while by then. */
async function killOncePlaced(
  commandLine: CommandLine,
  command: readonly string[],
  placed: number,
): Promise<void> {
  const blobs = join(commandLine.dataDir, "blobs");
  const slowly = { calls: "rename,renameat,renameat2", inject: `delay_exit=${SLOWLY_US}` };
  const killed = commandLine.traced(tracedInto(`${commandLine.dataDir}.calls.txt`, slowly)).begin(...command);
  await until("the blobs are placed", async () => (await namesIn(blobs)).length === placed, PATIENCE_MS);
  expect((await killed.kill()).exitCode).toBeNull();
  await expectNothingOrAll(commandLine);
  await finish(commandLine, command);
  await rm(commandLine.dataDir, { recursive: true });
}

/** Kills the command at the first of these calls, then at the second, and so on; answers how often. */
async function killAtEach(
  commandLine: CommandLine,
  command: readonly string[],
  tampering: Tampering,
): Promise<number> {
  for (let nth = 1; nth < MOST_CALLS; nth++) {
    const killing = { ...tampering, inject: `signal=SIGKILL:when=${nth}` };
    const traced = commandLine.traced(tracedInto(`${commandLine.dataDir}.calls.txt`, killing));
    const { exitCode } = await traced.run(...command);
    await expectNothingOrAll(commandLine);
    if (exitCode !== 0) {
      expect(exitCode).toBeNull();
      await finish(commandLine, command);
    }
    await rm(commandLine.dataDir, { recursive: true });
    if (exitCode === 0) return nth - 1; // It takes fewer calls than that.
  }
  throw new Error(`${command[0]} takes more than ${MOST_CALLS} of ${tampering.calls}`);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch(() => []); // It is made by the command.
}

async function expectNothingOrAll(commandLine: CommandLine): Promise<void> {
  const { error = "", problems, configs, assets } = await commandLine.json("check");
  if (String(error).startsWith("there is nothing in DATA_DIR")) return;
  expect(problems).toEqual([]);
  expect([configs, assets]).toEqual(configs === 0 ? [0, 0] : [CONFIGS, ASSETS]);
}

/** A restore that came to its end before it was killed is refused: its directory is in use. */
async function finish(commandLine: CommandLine, command: readonly string[]): Promise<void> {
  const isDone = command[0] === "restore" && existsSync(join(commandLine.dataDir, "iotsupport.db"));
  if (!isDone) await commandLine.succeed(...command);
  expect(await commandLine.json("check")).toMatchObject({ problems: [], configs: CONFIGS, assets: ASSETS });
}

/** Its directories, as an import is given them. */
async function oldSystem(dir: string): Promise<readonly string[]> {
  const [configs, assets] = [join(dir, "old-configs"), join(dir, "old-assets")];
  await mkdir(configs);
  await mkdir(assets);
  for (const mac of macs(CONFIGS)) await writeFile(join(configs, `${mac}.json`), `{"deviceName":"${mac}"}`);
  for (let number = 0; number < ASSETS; number++) await writeFile(join(assets, `${number}.bin`), `${number}`);
  return ["--configs", configs, "--assets", assets];
}
