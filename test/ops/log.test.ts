import { describe, expect, test } from "bun:test";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { childCoverage } from "../support/child-coverage.ts";
import { within } from "../support/deadline.ts";
import { tempDir } from "../support/temp-dir.ts";

const LOG = join(import.meta.dir, "../../src/ops/log.ts");

describe("the log", () => {
  test("is one JSON object a line, on stderr", async () => {
    const { lines, stdout } = await logged(`
      log.info({ requestId: "r1", text: "two\\nlines" }, "saved");
      log.warn({ err: new Error("broke", { cause: new Error("why") }) }, "failed");
    `);
    expect(stdout).toBe("");
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({ level: 30, requestId: "r1", text: "two\nlines", msg: "saved" });
    expect(lines[0]?.["time"]).toBeNumber();
    expect(lines[1]).toMatchObject({ level: 40, err: { message: expect.stringContaining("broke") } });
  });

  test("shows no secret, by whatever object it comes along", async () => {
    const { text } = await logged(`
      log.info({ password: "secret-1", authorization: "secret-2", signature: "secret-3" }, "at the top");
      log.info({ mqtt: { password: "secret-4" }, headers: { authorization: "secret-5" } }, "one below");
      log.info({ fields: { signature: "secret-6" } }, "one below");
    `);
    expect(text).not.toContain("secret-");
    expect(text.match(/\[Redacted\]/g)).toHaveLength(6);
  });

  test("leaves out what is below its level", async () => {
    const { lines } = await logged(`log.debug("not this"); log.info("this");`);
    expect(lines.map(({ msg }) => msg)).toEqual(["this"]);
  });

  test("is written to its last line before the process ends", async () => {
    const ends = Array.from({ length: 8 }, () =>
      logged(`
        log.info({ text: "x".repeat(1_000_000) }, "more than a pipe holds");
        log.info("stopped");
      `),
    );
    for (const { lines } of await Promise.all(ends)) {
      expect(lines.map(({ msg }) => msg)).toEqual(["more than a pipe holds", "stopped"]);
    }
  });

  test("does not hold up the end where its reader stands still", async () => {
    await using dir = await tempDir();
    const pipe = join(dir.path, "stderr");
    Bun.spawnSync(["mkfifo", pipe]);
    await using _reader = await open(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    await using stderr = await open(pipe, "w");
    const child = logging(`log.info({ text: "x".repeat(1_000_000) }); log.info("stopped");`, {
      stderr: stderr.fd,
    });
    await within(5_000, "its end", child.exited);
    expect(child.exitCode).toBe(0);
  });

  test("is readable where a terminal shows it", async () => {
    const { text } = await logged(`log.info({ requestId: "r1" }, "saved");`, true);
    expect(text).toMatch(/\d\d:\d\d:\d\d\.\d{3}.*INFO.*saved/);
    expect(text).not.toContain(`{"`);
  });
});

/** What a process of its own logs: the log goes to its stderr and nowhere else. */
async function logged(code: string, isTerminal = false) {
  const child = logging(code, { isTerminal, stderr: "pipe" });
  const [stdout, text] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect(await child.exited).toBe(0);
  const lines = (): Record<string, unknown>[] =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  return { stdout, text, lines: isTerminal ? [] : lines() };
}

/** A process that opens the log, writes to it and ends. */
function logging<Stderr extends "pipe" | number>(
  code: string,
  { stderr, isTerminal = false }: { readonly stderr: Stderr; readonly isTerminal?: boolean },
) {
  const script = `
    import { openLog } from ${JSON.stringify(LOG)};
    const { log, end } = await openLog("info", ${isTerminal});
    ${code}
    await end();
    process.exit(0);
  `;
  return Bun.spawn([process.execPath, "-e", script], {
    stdin: "ignore",
    stdout: "pipe",
    stderr,
    env: { ...process.env, NO_COLOR: "1", ...childCoverage },
  });
}
