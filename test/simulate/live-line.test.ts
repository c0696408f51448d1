import { expect, test } from "bun:test";
import { LiveLine } from "../../simulate/live-line.ts";

test("a terminal has one line, written over, and room below it at the end", () => {
  const { live, written } = startLine(true);
  live.write(1, "longer");
  live.write(2, "short");
  live.end();
  live.end();
  expect(written).toEqual(["\r1.0 s, longer", "\r2.0 s, short ", "\n"]);
});

test("a line longer than the terminal is cut, as it could not be written over", () => {
  const { live, written } = startLine(true);
  live.write(1, "x".repeat(100));
  expect(written).toEqual([`\r1.0 s, ${"x".repeat(72)}`]);
});

test("a file has a line for what is new, and not too many", () => {
  const { live, written, clock } = startLine(false);
  live.write(0, "a");
  live.write(1, "b");
  clock.ms = 5_000;
  live.write(5, "a");
  live.write(6, "c");
  live.end();
  clock.ms = 10_000;
  live.write(10, "c");
  expect(written).toEqual(["0.0 s, a\n", "6.0 s, c\n"]);
});

function startLine(isTTY: boolean) {
  const written: string[] = [];
  const clock = { ms: 0 };
  const live = new LiveLine({ isTTY, write: (text) => written.push(text) }, () => clock.ms);
  return { live, written, clock };
}
