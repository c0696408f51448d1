import { describe, expect, test } from "bun:test";
import { Progress } from "../../src/cli/progress.ts";
import { bytes, counted } from "../../src/cli/words.ts";

const CLEAR = "\r\u001B[K";

/** A progress on a terminal that keeps what is written, by a clock and a stop of the test's own. */
function onTerminal() {
  const written: string[] = [];
  const clock = { ms: 0 };
  const stopping = new AbortController();
  const progress = new Progress({ write: (text) => written.push(text) }, () => clock.ms, stopping.signal);
  return { progress, written, clock, stopping };
}

describe("progress", () => {
  test("is a bar with how much is done, in one line that goes away", () => {
    const { progress, written, clock } = onTerminal();
    progress.begin("Writing", { of: 2_000_000, unit: "bytes" });
    clock.ms = 100;
    progress.add(1_000_000);
    progress.end();
    expect(written).toEqual([
      `${CLEAR}Writing ${"░".repeat(24)} 0 %, 0 bytes of 2.0 MB`,
      `${CLEAR}Writing ${"█".repeat(12)}${"░".repeat(12)} 50 %, 1.0 MB of 2.0 MB`,
      CLEAR,
    ]);
  });

  test("is drawn ten times a second at the most", () => {
    const { progress, written, clock } = onTerminal();
    progress.begin("Reading configs", { of: 1_000, unit: "files" });
    for (let file = 0; file < 1_000; file++) {
      clock.ms += 1;
      progress.add(1);
    }
    expect(written).toHaveLength(11);
    expect(written.at(-1)).toBe(`${CLEAR}Reading configs ${"█".repeat(24)} 100 %, 1000 of 1000`);
  });

  test("has no bar where nobody knows how much there is, and never more than all", () => {
    const { progress, written, clock } = onTerminal();
    progress.begin("Copying the database");
    progress.begin("Reading", { of: 0, unit: "bytes" });
    progress.begin("Reading", { of: 10, unit: "files" });
    clock.ms = 100;
    progress.add(11);
    expect(written[0]).toBe(`${CLEAR}Copying the database …`);
    expect(written[1]).toContain(" 100 %, 0 bytes of 0 bytes");
    expect(written[3]).toContain(" 100 %, 11 of 10");
  });

  test("ends the work when it is to stop", () => {
    const { progress, stopping } = onTerminal();
    progress.begin("Writing");
    stopping.abort(new Error("stopped by SIGINT"));
    expect(() => progress.add(1)).toThrow("stopped by SIGINT");
    expect(() => progress.begin("Reading it back")).toThrow("stopped by SIGINT");
  });

  test("says nothing without a terminal", () => {
    const progress = new Progress(null, () => 0, new AbortController().signal);
    progress.begin("Writing", { of: 1, unit: "bytes" });
    progress.add(1);
    progress.end();
  });
});

test.each([
  [0, "0 bytes"],
  [1, "1 byte"],
  [999, "999 bytes"],
  [1_000, "1.0 kB"],
  [99_900, "99.9 kB"],
  [1_000_000, "1.0 MB"],
  [358_000, "358 kB"],
  [1_400_000_000, "1.4 GB"],
  [5e15, "5000 TB"],
])("%d bytes are told as %s", (count, told) => {
  expect(bytes(count)).toBe(told);
});

test("one is not many", () => {
  expect([0, 1, 2].map((count) => counted(count, "config"))).toEqual(["0 configs", "1 config", "2 configs"]);
});
