import { describe, expect, test } from "bun:test";
import { chown, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { CommandLine, runHere } from "../support/command-line.ts";
import { tempDir } from "../support/temp-dir.ts";

const COMMANDS = ["import", "backup", "restore", "check"];
const nowhere = new CommandLine("/nowhere/at/all");

describe("iotsupport", () => {
  test.each([[[]], [["--help"]], [["-h"]], [["help"]]])("%j lists the commands", async (args) => {
    const { exitCode, stdout } = await nowhere.run(...args);
    expect(exitCode).toBe(0);
    const listed = [...stdout.matchAll(/^ {2}(\w+) {2,}\S/gm)].map(([, name]) => name);
    expect(listed).toEqual(COMMANDS);
  });

  test("--version says the package's", async () => {
    const { version } = await Bun.file("package.json").json();
    expect(await nowhere.run("--version")).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: "" });
  });

  test.each(COMMANDS)("%s --help says what it takes, its exit codes, and examples", async (command) => {
    for (const flag of ["--help", "-h"]) {
      const { exitCode, stdout } = await nowhere.run(command, flag);
      expect(exitCode).toBe(0);
      expect(stdout).toStartWith(`iotsupport ${command}`);
      expect(stdout).toMatch(/^Exit codes: 0 .*2 typed wrongly\.$/m);
      expect(stdout).toMatch(new RegExp(`^  .*iotsupport ${command}`, "m"));
      expect(stdout).toMatch(/--json\s+prints one JSON object: command, ok,/);
      expect(stdout.split("\n").every((line) => line.length <= 110)).toBe(true);
    }
  });

  const wrong: readonly [args: readonly string[], message: RegExp][] = [
    [["bring"], /there is no command "bring"/],
    [["backup"], /FILE is missing/],
    [["restore"], /FILE is missing/],
    [["backup", "a", "b"], /"b" is one argument too many/],
    [["check", "a"], /"a" is one argument too many/],
    [["check", "--quick"], /--quick/],
    [["import"], /--configs DIR or --assets DIR is needed/],
    [["import", "--configs", "a", "b"], /"b" is one argument too many/],
    [["import", "--configs"], /--configs/],
  ];
  test.each(wrong)("%j is typed wrongly", async (args, message) => {
    const { exitCode, stdout, stderr } = await runHere(nowhere.dataDir, ...args);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toMatch(/^iotsupport: .*\nTry: iotsupport .*--help\n$/);
    expect(stderr).toMatch(message);
    const json = await runHere(nowhere.dataDir, ...args, "--json");
    expect(json.exitCode).toBe(2);
    expect(JSON.parse(json.stdout)).toEqual({
      command: args[0],
      ok: false,
      error: expect.stringMatching(message),
    });
  });

  test("asks for no setting that a command has no use for", async () => {
    await using dir = await tempDir();
    const env = { MQTT_URL: "no broker", PORT: "many", MAX_CONFIG_BYTES: "0", SIGNING_KEY_PATH: "/none" };
    const commandLine = new CommandLine(join(dir.path, "data"), env);
    expect((await commandLine.run("check")).stderr).toMatch(/^iotsupport: there is nothing in DATA_DIR /);
    await mkdir(join(dir.path, "configs"));
    const imported = await commandLine.run("import", "--configs", join(dir.path, "configs"));
    expect(imported.exitCode).toBe(2);
    expect(imported.stderr).toContain("MAX_CONFIG_BYTES");
    expect(imported.stderr).not.toContain("MQTT_URL");
  });

  test.skipIf(process.getuid?.() !== 0)(
    "leaves no file of root's in another account's directory (only root can try)",
    async () => {
      await using dir = await tempDir();
      const commandLine = new CommandLine(join(dir.path, "data"));
      const configs = join(dir.path, "configs");
      await mkdir(configs);
      await mkdir(commandLine.dataDir);
      await chown(commandLine.dataDir, 1000, 1000);
      for (const command of [
        ["backup", "b.tar"],
        ["restore", configs],
        ["import", "--configs", configs],
      ]) {
        const { exitCode, stderr } = await commandLine.run(...command);
        expect(exitCode).toBe(1);
        expect(stderr).toMatch(
          /data belongs to account 1000, and root would leave files there that it cannot/,
        );
      }
      expect(await readdir(commandLine.dataDir)).toEqual([]);
    },
  );

  test.each(["check", "backup"])(
    "%s of a directory without a database fails, and makes nothing",
    async (name) => {
      await using dir = await tempDir();
      const commandLine = new CommandLine(join(dir.path, "data"));
      const args = name === "backup" ? [join(dir.path, "backup.tar")] : [];
      const { exitCode, stderr } = await commandLine.run(name, ...args);
      expect(exitCode).toBe(1);
      expect(stderr).toMatch(/^iotsupport: there is nothing in DATA_DIR .*\n$/);
      expect(
        await Array.fromAsync(new Bun.Glob("**").scan({ cwd: dir.path, dot: true, onlyFiles: false })),
      ).toEqual([]);
    },
  );
});
