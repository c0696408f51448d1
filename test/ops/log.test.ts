import { describe, expect, test } from "bun:test";
import { join } from "node:path";

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

  test("is readable where a terminal shows it", async () => {
    const { text } = await logged(`log.info({ requestId: "r1" }, "saved");`, true);
    expect(text).toMatch(/\d\d:\d\d:\d\d\.\d{3}.*INFO.*saved/);
    expect(text).not.toContain(`{"`);
  });
});

/** What a process of its own logs: the log goes to its stderr and nowhere else. */
async function logged(code: string, isTerminal = false) {
  const script = `
    import { createLog } from ${JSON.stringify(LOG)};
    const log = await createLog("info", ${isTerminal});
    ${code}
    log.flush();
  `;
  const child = Bun.spawn([process.execPath, "-e", script], {
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, NO_COLOR: "1" },
  });
  const [stdout, text] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect(await child.exited).toBe(0);
  const lines = (): Record<string, unknown>[] =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  return { stdout, text, lines: isTerminal ? [] : lines() };
}
