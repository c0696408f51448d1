import { expect, test } from "bun:test";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { tempDir } from "../support/temp-dir.ts";
import { run } from "./npm-start.ts";

const PROJECT = join(import.meta.dir, "../..");

test("what package.json names as the command iotsupport is run by Node, and passes on arguments, words and exit code", async () => {
  await using dir = await tempDir();
  const { bin } = await Bun.file(join(PROJECT, "package.json")).json();
  expect(bin).toEqual({ iotsupport: "scripts/iotsupport.mjs" });
  expect((await stat(join(PROJECT, bin.iotsupport))).mode & 0o111).toBe(0o111);

  const help = await run("iotsupport.mjs", ["backup", "--help"]);
  expect(help.exitCode).toBe(0);
  expect(help.said[0]).toBe("iotsupport backup FILE [--json]");
  const failed = await run("iotsupport.mjs", ["check"], { DATA_DIR: dir.path });
  expect(failed).toEqual({
    exitCode: 1,
    said: [`iotsupport: there is nothing in DATA_DIR ${dir.path}; set it to the service's own`],
  });
  expect((await run("iotsupport.mjs", ["check", "--quick"], { DATA_DIR: dir.path })).exitCode).toBe(2);
});

test("npm run iotsupport works in a checkout", async () => {
  const { stdout } = Bun.spawnSync(["npm", "run", "--silent", "iotsupport", "--", "--version"], {
    cwd: PROJECT,
  });
  const { version } = await Bun.file(join(PROJECT, "package.json")).json();
  expect(stdout.toString()).toBe(`${version}\n`);
});

test("the simulated devices are there, too, where only Node is to be found", async () => {
  const help = await run("simulate.mjs", ["--help"]);
  expect(help.exitCode).toBe(0);
  expect(help.said[0]).toBe("npm run simulate -- [--devices 200] [options]");
});
