import { describe, expect, test } from "bun:test";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startBroker } from "../support/broker.ts";
import { startTestService } from "../support/service.ts";
import { keptIn, namesUnder } from "./kept.ts";
import { oldSystem } from "./old-system.ts";

const PORCH = "aa-bb-cc-dd-ee-01";
const CONTENT = '\n{ "deviceName" : "porch", "10": 1.0, "2": 12345678901234567890 }\r\n';

describe("an import", () => {
  test("takes files over byte for byte, under canonical names, as first revisions", async () => {
    await using old = await oldSystem({
      "configs/AA-BB-CC-DD-EE-01.json": CONTENT,
      "configs/aabbccddee02.json": "{}",
      "assets/fw 1.bin": "firmware",
      "assets/empty": "",
    });
    const report = await old.commandLine.json("import", ...old.both);
    expect(report).toEqual({
      command: "import",
      ok: true,
      data_dir: old.dataDir,
      dry_run: false,
      configs: { new: 2, replaced: 0, unchanged: 0 },
      assets: { new: 2, replaced: 0, unchanged: 0 },
      announced: 0,
      refused: [],
      ignored: [],
    });
    expect(await keptIn(old.dataDir)).toEqual({
      [`configs/${PORCH}@1`]: CONTENT,
      "configs/aa-bb-cc-dd-ee-02@1": "{}",
      "assets/fw 1.bin@1": btoa("firmware"),
      "assets/empty@1": "",
    });
    expect(await old.commandLine.json("check")).toMatchObject({ ok: true, problems: [], notes: [] });
  });

  test("gives lists what a save gives them", async () => {
    await using old = await oldSystem({
      [`configs/${PORCH}.json`]: '{"deviceName":"porch","enableOTA":true}',
    });
    await old.commandLine.succeed("import", ...old.both);
    await using service = await startTestService({ dataDir: old.dataDir });
    expect(await (await service.request("GET", "/api/configs")).json()).toEqual({
      configs: [{ mac_address: PORCH, device_name: "porch", device_entity_id: null, enable_ota: true }],
      count: 1,
    });
  });

  test("is announced at the next start where --announce is given, and otherwise not", async () => {
    for (const announce of [true, false]) {
      await using old = await oldSystem({ [`configs/${PORCH}.json`]: "{}", "assets/a.bin": "a" });
      await using broker = await startBroker();
      await using announced = await broker.subscribe("iotsupport/updates/#");
      const said = await old.commandLine.succeed("import", ...old.both, ...(announce ? ["--announce"] : []));
      expect(said.includes("2 announcements will go out when the service starts")).toBe(announce);
      await using service = await startTestService({ dataDir: old.dataDir, mqtt: broker.mqtt });
      await service.uploadAsset("last.bin", "");
      const isLast = ({ payload }: { readonly payload: string }) => payload.includes("last.bin");
      const heard = await announced.collect("the last", (taken) => taken.some(isLast));
      const imported = [...heard, ...(await announced.upToNow())].filter((message) => !isLast(message));
      expect(imported.map(({ payload }) => payload).toSorted()).toEqual(
        announce ? [`{"filename":"${PORCH}.json"}`, `{"filename":"a.bin"}`].toSorted() : [],
      );
    }
  });

  test("may be of one of the two directories, and of none that is empty", async () => {
    await using old = await oldSystem({ "assets/a.bin": "a" });
    expect(await old.commandLine.json("import", "--assets", old.assets)).toMatchObject({
      assets: { new: 1 },
    });
    expect(await old.commandLine.json("import", "--configs", old.configs)).toMatchObject({
      configs: { new: 0 },
    });
  });

  test("that is repeated changes nothing, and brings what has come since", async () => {
    await using old = await oldSystem({ [`configs/${PORCH}.json`]: "{}", "assets/a.bin": "a" });
    await old.commandLine.succeed("import", ...old.both);
    await writeFile(join(old.assets, "b.bin"), "b");
    expect(await old.commandLine.json("import", ...old.both, "--announce")).toMatchObject({
      configs: { new: 0, replaced: 0, unchanged: 1 },
      assets: { new: 1, replaced: 0, unchanged: 1 },
      announced: 1,
    });
    expect(Object.keys(await keptIn(old.dataDir))).toEqual([
      `configs/${PORCH}@1`,
      "assets/a.bin@1",
      "assets/b.bin@1",
    ]);
  });

  test("does not undo what was changed or deleted since, unless --overwrite is given", async () => {
    await using old = await oldSystem({
      [`configs/${PORCH}.json`]: `{"from":"old"}`,
      "assets/a.bin": "old",
      "assets/b.bin": "old",
    });
    await old.commandLine.succeed("import", ...old.both);
    {
      await using service = await startTestService({ dataDir: old.dataDir });
      await service.saveConfig(PORCH, { from: "an operator" });
      await service.uploadAsset("a.bin", "new");
      expect((await service.request("DELETE", "/api/assets/b.bin")).status).toBe(204);
    }
    const kept = await keptIn(old.dataDir);
    const refused = await old.commandLine.json("import", ...old.both);
    expect(refused).toMatchObject({
      ok: false,
      refused: [
        {
          file: join(old.configs, `${PORCH}.json`),
          reason: expect.stringMatching(/^differs .*revision 2.*--overwrite/),
        },
        {
          file: join(old.assets, "a.bin"),
          reason: expect.stringMatching(/^differs .*revision 2.*--overwrite/),
        },
        {
          file: join(old.assets, "b.bin"),
          reason: expect.stringMatching(/^was deleted .*revision 2.*--overwrite/),
        },
      ],
    });
    expect(await keptIn(old.dataDir)).toEqual(kept);
    const done = await old.commandLine.json("import", ...old.both, "--overwrite");
    expect(done).toMatchObject({ configs: { replaced: 1 }, assets: { replaced: 2 } });
    expect(await keptIn(old.dataDir)).toEqual({
      [`configs/${PORCH}@3`]: `{"from":"old"}`,
      "assets/a.bin@3": btoa("old"),
      "assets/b.bin@3": btoa("old"),
    });
  });

  test("beside a running service is refused, and a dry run is not", async () => {
    await using old = await oldSystem({ [`configs/${PORCH}.json`]: "{}" });
    await using service = await startTestService({ dataDir: old.dataDir });
    await service.saveConfig(PORCH, "{}");
    const { exitCode, stderr } = await old.commandLine.run("import", ...old.both);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /^iotsupport: another service is running on this data directory .*; stop it first/,
    );
    expect(await old.commandLine.json("import", ...old.both, "--dry-run")).toMatchObject({
      ok: true,
      dry_run: true,
      configs: { unchanged: 1 },
    });
  });

  test("that is a dry run makes nothing", async () => {
    await using old = await oldSystem({ [`configs/${PORCH}.json`]: "{}", "assets/a.bin": "a" });
    const before = await namesUnder(old.dir.path);
    const said = await old.commandLine.succeed("import", ...old.both, "--dry-run");
    expect(said).toMatch(/1 new config, .*1 new asset, .*\(a dry run: nothing was changed\)\n$/);
    expect(await namesUnder(old.dir.path)).toEqual(before);
  });

  test("of what is not there, or no directory, fails, and makes nothing", async () => {
    await using old = await oldSystem({ "assets/a.bin": "a" });
    for (const path of [join(old.dir.path, "none"), join(old.assets, "a.bin")]) {
      const { exitCode, stderr } = await old.commandLine.run("import", "--configs", path);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/^iotsupport: \/.* cannot be read as a directory: E(NOENT|NOTDIR)/);
    }
    expect((await readdir(old.dir.path)).toSorted()).toEqual(["assets", "configs"]);
  });
});
