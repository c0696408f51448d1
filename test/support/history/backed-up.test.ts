import { expect, test } from "bun:test";
import { backedUp } from "./backed-up.ts";
import { problemsIn } from "./check.ts";
import type { ChangeAnswer, History, HistoryEvent, ReadAnswer } from "./events.ts";

const FILE = "configs/00-00-00-00-00-01";
const BEGAN = 100;

const save = (sentAt: number, version: string, answer: ChangeAnswer): HistoryEvent => ({
  kind: "save",
  file: FILE,
  sentAt,
  version,
  condition: "none",
  answer,
});
const read = (sentAt: number, answer: ReadAnswer): HistoryEvent => ({
  kind: "read",
  file: FILE,
  sentAt,
  answer,
});

/** What does not fit, where a restored copy gives this answer to a reader. */
function problems(history: History, restored: ReadAnswer): readonly string[] {
  const all = [...backedUp(history, BEGAN), { kind: "ended", at: 200 } as const, read(300, restored)];
  return problemsIn(all, { settled: false }).map(({ rule }) => rule);
}

const history: History = [
  save(10, "first", { kind: "done", at: 20, revision: 1 }),
  save(30, "second", { kind: "done", at: 90, revision: 2 }),
  save(80, "third", { kind: "done", at: 110, revision: 3 }),
  save(115, "refused", { kind: "refused", at: 120, status: 413 }),
  read(130, { kind: "found", at: 140, revision: 3, version: "third" }),
  { kind: "announced", file: FILE, revision: 3, at: 150 },
];

test("a copy holds what was answered before it began, or what was under way then", () => {
  expect(problems(history, { kind: "found", at: 301, revision: 2, version: "second" })).toEqual([]);
  expect(problems(history, { kind: "found", at: 301, revision: 3, version: "third" })).toEqual([]);
});

const wrong: readonly [what: string, restored: ReadAnswer, rule: string][] = [
  ["holds an older one", { kind: "found", at: 301, revision: 1, version: "first" }, "stale"],
  ["holds nothing", { kind: "missing", at: 301 }, "state"],
  ["holds what nobody sent", { kind: "found", at: 301, revision: 2, version: "other" }, ""],
  ["holds what was refused", { kind: "found", at: 301, revision: 3, version: "refused" }, ""],
  ["holds a revision that nobody made", { kind: "found", at: 301, revision: 9, version: "third" }, ""],
];
test.each(wrong)("a copy that %s does not", (_, restored, rule) => {
  const found = problems(history, restored);
  expect(found.length).toBeGreaterThan(0);
  if (rule !== "") expect(found).toContain(rule);
});
