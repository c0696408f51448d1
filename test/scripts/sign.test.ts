import { expect, test } from "bun:test";
import { join } from "node:path";
import { signingKey } from "../support/keys.ts";
import { tempDir } from "../support/temp-dir.ts";
import { run } from "./npm-start.ts";

const FILE = join(import.meta.dir, "sign.test.ts");
const { privateKeyPath } = signingKey();

test("a refused upload shows the service's reason, and is exit code 1", async () => {
  const refuse = () => Response.json({ error: "signature: wrong" }, { status: 400 });
  await using service = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: refuse });
  const { exitCode, said } = await run("sign.mjs", [
    FILE,
    "--url",
    service.url.href,
    "--key",
    privateKeyPath,
  ]);
  expect(exitCode).toBe(1);
  expect(said.join("\n")).toContain("signature: wrong");
  expect(said.join("\n")).toContain("HTTP 400");
});

test("a service that does not run, a missing key and a missing file are one line each, and exit code 1", async () => {
  await using dir = await tempDir();
  const nobody = ["--url", "http://127.0.0.1:9", "--key", privateKeyPath];
  const attempts = [
    { args: [FILE, ...nobody], says: "The upload to http://127.0.0.1:9 failed" },
    { args: [FILE], says: `No private key can be read from ${dir.path}` },
    { args: [join(dir.path, "none.bin"), ...nobody], says: "none.bin cannot be read" },
  ];
  for (const { args, says } of attempts) {
    const { exitCode, said } = await run("sign.mjs", args, { DATA_DIR: dir.path });
    expect(exitCode).toBe(1);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(says);
  }
});

const wrongUsages = [[], ["a", "b"], ["a", "--kye", "b"], ["a", "--url", "here"]];
test.each(wrongUsages.map((args) => [args.join(" "), args] as const))(
  "wrong usage `sign %s` is exit code 2",
  async (_, args) => {
    const { exitCode, said } = await run("sign.mjs", args);
    expect(exitCode).toBe(2);
    expect(said.join("\n")).toContain("npm run sign -- FILE");
  },
);
