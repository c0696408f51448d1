import { describe, expect, test } from "bun:test";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CommandLine } from "../support/command-line.ts";
import { until } from "../support/deadline.ts";
import { macs } from "../support/load.ts";
import { startTestService } from "../support/service.ts";
import { canMountDisks, smallDisk } from "../support/small-disk.ts";
import { oldSystem } from "./old-system.ts";

/** A process has to start first, on a machine that may be busy. */
const PATIENCE_MS = 20_000;

const PORCH = "aa-bb-cc-dd-ee-01";

describe("an import that does not come to its end", () => {
  test("because it was killed, leaves nothing that can be seen; done again, all is there", async () => {
    await using old = await oldSystem({});
    const all = macs(1_500);
    for (const mac of all) await writeFile(join(old.configs, `${mac}.json`), `{"deviceName":"${mac}"}`);
    for (let number = 0; number < 8; number++) {
      await writeFile(join(old.assets, `${number}.bin`), Buffer.alloc(4_000_000, `${number}`));
    }
    for (let round = 0; round < 4; round++) {
      const dataDir = join(old.dir.path, `killed-${round}`);
      const commandLine = new CommandLine(dataDir);
      const command = commandLine.begin("import", ...old.both);
      await until(
        "it works in DATA_DIR",
        async () => (await names(dataDir)).includes("tmp") || !command.isRunning,
        PATIENCE_MS,
      );
      await Bun.sleep(round * 80); // The moment is the fault: any will do.
      const { exitCode } = await command.kill();
      const { configs, assets } = await countsIn(commandLine);
      expect([configs, assets]).toEqual(exitCode === null && configs === 0 ? [0, 0] : [all.length, 8]);
      await commandLine.succeed("import", ...old.both);
      expect(await commandLine.json("check")).toMatchObject({ ok: true, configs: all.length, assets: 8 });
    }
  }, 60_000);

  test.skipIf(!canMountDisks)(
    "because the disk is full, leaves nothing that can be seen, and no claim on what was placed",
    async () => {
      await using disk = await smallDisk("24m");
      await using old = await oldSystem({ [`configs/${PORCH}.json`]: "{}" });
      for (let number = 0; number < 4; number++) {
        await writeFile(join(old.assets, `${number}.bin`), Buffer.alloc(7_000_000, `${number}`));
      }
      const dataDir = join(disk.path, "data");
      const commandLine = new CommandLine(dataDir);
      const { exitCode, stderr } = await commandLine.run("import", ...old.both);
      expect({ exitCode, stderr }).toEqual({
        exitCode: 1,
        stderr: "iotsupport: the disk is full: nothing was stored; delete something or make room\n",
      });
      expect(await commandLine.json("check")).toMatchObject({
        ok: true,
        configs: 0,
        assets: 0,
        problems: [],
      });
      expect(await readdir(join(dataDir, "tmp"))).toEqual([]);
      await rm(join(old.assets, "3.bin"));
      await using service = await startTestService({ dataDir });
      expect((await service.tryToUpload({ name: "large.bin", bytes: Buffer.alloc(12_000_000) })).status).toBe(
        507,
      );
      await until(
        "what was placed is collected",
        async () => (await readdir(join(dataDir, "blobs"))).length === 0,
        PATIENCE_MS,
      );
    },
  );

  test("by SIGINT says so", async () => {
    await using old = await oldSystem({});
    await writeFile(join(old.assets, "large.bin"), Buffer.alloc(200_000_000));
    const command = old.commandLine.begin("import", ...old.both);
    await until(
      "it works in DATA_DIR",
      async () => (await names(join(old.dataDir, "tmp"))).length > 0,
      PATIENCE_MS,
    );
    command.signal("SIGINT");
    expect(await command.ended()).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: "iotsupport: stopped by SIGINT\n",
    });
    expect(await names(join(old.dataDir, "tmp"))).toEqual([]);
    expect(await countsIn(old.commandLine)).toEqual({ configs: 0, assets: 0 });
  });
});

async function countsIn(commandLine: CommandLine): Promise<{ configs: unknown; assets: unknown }> {
  const { configs = 0, assets = 0 } = await commandLine.json("check");
  return { configs, assets };
}

async function names(dir: string): Promise<readonly string[]> {
  return await readdir(dir).catch(() => []);
}
