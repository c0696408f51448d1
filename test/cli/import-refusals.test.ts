import { describe, expect, test } from "bun:test";
import { readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type PlanRules, planAssets, planConfigs } from "../../src/cli/import/plan.ts";
import { CommandLine, runHere } from "../support/command-line.ts";
import { macs } from "../support/load.ts";
import { startTestService } from "../support/service.ts";
import { oldSystem } from "./old-system.ts";

const PORCH = "aa-bb-cc-dd-ee-01";

describe("a file that cannot be taken over stops the import of all:", () => {
  const cases: readonly [file: string, content: string, reason: RegExp][] = [
    ["configs/porch.json", "{}", /the format of "porch" is invalid; expected aa-bb-cc-dd-ee-ff/],
    ["configs/aa-bb-cc-dd-ee.json", "{}", /the format of "aa-bb-cc-dd-ee" is invalid/],
    [`configs/${PORCH}`, "{}", /is not named <mac>\.json/],
    [`configs/${PORCH}.JSON`, "{}", /is not named <mac>\.json/],
    [`configs/${PORCH}.json.bak`, "{}", /is not named <mac>\.json/],
    ["configs/AA-BB-CC-DD-EE-09.json", "{}", /names the same device as AA:BB:CC:DD:EE:09\.json|as AA-BB-CC/],
    [`configs/${PORCH}.json`, "", /content: is not acceptable JSON: expected an object, found the end/],
    [`configs/${PORCH}.json`, "[]", /content: is not acceptable JSON: expected an object/],
    [`configs/${PORCH}.json`, '{"a":1,"a":2}', /the name "a" occurs twice in one object at line 1, column 8/],
    [`configs/${PORCH}.json`, "\ufeff{}", /begins with a byte order mark/],
    [
      `configs/${PORCH}.json`,
      `{"a":"${"x".repeat(262_144)}"}`,
      /^is larger than MAX_CONFIG_BYTES, 262144, allows$/,
    ],
    ["assets/a..b", "", /filename: must not contain "\.\."; given "a\.\.b"/],
    ["assets/a\\b", "", /filename: must not contain a backslash/],
    ["assets/a\nb", "", /filename: must not contain control characters/],
    ["assets/\u202Enib.exe", "", /filename: must not contain characters that change the direction of text/],
  ];
  test.each(cases)("%j", async (file, content, reason) => {
    await using old = await oldSystem({
      "configs/AA:BB:CC:DD:EE:09.json": "{}",
      "assets/sound.bin": "sound",
      [file]: content,
    });
    const { exitCode, stdout } = await runHere(old.dataDir, "import", ...old.both, "--json");
    expect(exitCode).toBe(1);
    const { refused, configs } = JSON.parse(stdout);
    expect(refused).toHaveLength(1);
    expect(refused[0].reason).toMatch(reason);
    expect(refused[0].file).toStartWith(old.dir.path);
    expect(configs.new).toBe(1);
    expect((await readdir(old.dataDir)).toSorted()).toEqual(["lock.db"]);
    const words = await runHere(old.dataDir, "import", ...old.both);
    expect(words.stdout).toMatch(/^refused: \/[\s\S]*\nnothing was imported, as 1 file cannot be\n$/);
  });

  test("a link, a pipe, and a name that is not UTF-8; hidden files and directories are passed over", async () => {
    await using old = await oldSystem({
      "configs/.gitkeep": "",
      "configs/sub/x.json": "{}",
      "assets/.DS_Store": "x",
    });
    await symlink("/etc/passwd", join(old.assets, "link.bin"));
    Bun.spawnSync(["mkfifo", join(old.assets, "pipe.bin")]);
    await writeFile(Buffer.concat([Buffer.from(`${old.assets}/bad-`), Buffer.from([0xff])]), "x");
    const report = await old.commandLine.json("import", ...old.both);
    expect(report).toMatchObject({
      ok: false,
      refused: [
        { file: expect.stringContaining("bad-"), reason: "has a name that is not UTF-8" },
        {
          file: join(old.assets, "link.bin"),
          reason: "is a symbolic link; put the file itself in its place",
        },
        { file: join(old.assets, "pipe.bin"), reason: "is not a plain file" },
      ],
      ignored: [
        { file: join(old.configs, ".gitkeep"), reason: "is a hidden file" },
        { file: join(old.configs, "sub"), reason: "is a directory" },
        { file: join(old.assets, ".DS_Store"), reason: "is a hidden file" },
      ],
    });
  });

  test("one that cannot be read, as by the time it is its turn", async () => {
    const gone = { name: `${PORCH}.json`, path: "/nowhere/at/all", size: 2 };
    const rules: PlanRules = {
      limits: { maxConfigBytes: 100, maxAssetBytes: 100 },
      overwrite: false,
      lastState: async () => null,
      onFile: () => {},
    };
    const found = { candidates: [gone], refused: [], ignored: [] };
    const refused = [{ file: gone.path, reason: "cannot be read: ENOENT" }];
    expect(await planConfigs(found, rules)).toEqual({ planned: [], refused });
    expect(await planAssets(found, rules)).toEqual({ planned: [], refused });
  });

  test("one over the limits that are set", async () => {
    await using old = await oldSystem({ [`configs/${PORCH}.json`]: '{"a":1}', "assets/a.bin": "12345678" });
    const limited = (env: Record<string, string>) =>
      new CommandLine(old.dataDir, env).json("import", ...old.both);
    const refused = await limited({ MAX_CONFIG_BYTES: "6", MAX_ASSET_BYTES: "7" });
    expect(refused).toMatchObject({
      refused: [
        { reason: "is larger than MAX_CONFIG_BYTES, 6, allows" },
        { reason: "is larger than MAX_ASSET_BYTES, 7, allows" },
      ],
    });
    expect(await limited({ MAX_CONFIG_BYTES: "7", MAX_ASSET_BYTES: "8" })).toMatchObject({ ok: true });
  });

  test("each that a save would refuse, and no other", async () => {
    const contents = [
      "{}",
      " {}\n",
      '{"a":[{}]}',
      "{a:1}",
      "nul",
      '{"a":1e5}',
      '{"a":01}',
      '{"a":"\\ud800"}',
      '{"a":tru}',
      '{"a":{"b":1,"b":2}}',
    ];
    const files = macs(contents.length).map((mac, at) => [mac, contents[at] ?? ""] as const);
    await using old = await oldSystem(
      Object.fromEntries(files.map(([mac, text]) => [`configs/${mac}.json`, text])),
    );
    await using service = await startTestService();
    const refusedSaves: string[] = [];
    for (const [mac, text] of files) {
      if ((await service.tryToSaveConfig(mac, text)).status !== 200)
        refusedSaves.push(join(old.configs, `${mac}.json`));
    }
    const { refused } = (await old.commandLine.json("import", ...old.both, "--dry-run")) as {
      refused: { file: string }[];
    };
    expect(refused.map(({ file }) => file)).toEqual(refusedSaves);
    expect(refusedSaves).toHaveLength(5);
  });
});
