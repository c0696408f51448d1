import { expect, test } from "bun:test";
import { assert, integer, property } from "fast-check";
import { Random } from "../../../simulate/random.ts";
import { problemsIn } from "./check.ts";
import type { Announced, Change, History, HistoryEvent, Read, Save } from "./events.ts";
import { linesOf } from "./print.ts";
import { shortestOf } from "./shortest.ts";
import { SimulatedService } from "./simulated-service.ts";

const settled = { settled: true };

test("whatever a right service does, its history is allowed", () => {
  const law = property(integer(), (seed) => {
    const history = new SimulatedService(new Random(seed)).run();
    const problems = problemsIn(history, settled).map(({ text }) => text);
    if (problems.length > 0) throw new Error([...problems, ...linesOf(history)].join("\n"));
  });
  assert(law, { numRuns: 400, includeErrorInReport: true });
});

/** How an event can be spoilt so that its history is wrong for certain; null where it cannot. */
type Spoil = (event: HistoryEvent, history: History) => readonly HistoryEvent[] | null;

const spoils: Readonly<Record<string, Spoil>> = {
  "a save that was read was never sent": (event, history) => {
    return isDone(event) && readsOf(event, history).length > 0 ? [] : null;
  },
  "a save that was read was refused": (event, history) => {
    if (!isDone(event) || readsOf(event, history).length === 0) return null;
    return [{ ...event, answer: { kind: "refused", status: 400, at: event.answer.at } }];
  },
  "a read gave other bytes": (event) => {
    return isFound(event) ? [{ ...event, answer: { ...event.answer, version: "other" } }] : null;
  },
  "a read gave another revision": (event, history) => {
    if (!isFound(event) || !history.some((each) => isDone(each) && isOf(event, each))) return null;
    return [{ ...event, answer: { ...event.answer, revision: event.answer.revision + 1 } }];
  },
  "a save was answered no revision": (event) => {
    return isDone(event) ? [{ ...event, answer: { ...event.answer, revision: 0 } }] : null;
  },
  "a save was answered the revision of another": (event, history) => {
    const other = history.find((each) => isDone(each) && each !== event && each.file === fileOf(event));
    return isDone(event) && other && isDone(other)
      ? [{ ...event, answer: { ...event.answer, revision: other.answer.revision } }]
      : null;
  },
  "a revision was announced that is not there": (event) => {
    return event.kind === "announced" ? [{ ...event, revision: event.revision + 1_000 }] : null;
  },
  "a save was announced before it was sent": (event, history) => {
    const save = history.find((each) => isDone(each) && isAnnounced(event, each));
    return event.kind === "announced" && save && isDone(save) ? [{ ...event, at: save.sentAt - 1 }] : null;
  },
  "an answered delete was announced": (event) => {
    if (event.kind !== "delete" || event.answer.kind !== "done") return null;
    const { at, revision } = event.answer;
    return [event, { kind: "announced", file: event.file, revision, at }];
  },
  "a list did not have what is there at the end": (event, history) => {
    if (!isFound(event) || !isLastOfAnswered(event, history) || mayBeDeleted(event, history)) return null;
    const { at } = event.answer;
    return [event, { kind: "listed", file: event.file, sentAt: event.sentAt, isThere: false, at }];
  },
  "what is there at the end is not found": (event, history) => {
    if (!isFound(event) || !isLastOfAnswered(event, history) || mayBeDeleted(event, history)) return null;
    return [{ ...event, answer: { kind: "missing", at: event.answer.at } }];
  },
  "what is there at the end is older than answered": (event, history) => {
    const older = history.find((each) => isDone(each) && each.file === fileOf(event));
    if (
      !isFound(event) ||
      !isLastOfAnswered(event, history) ||
      !older ||
      !isDone(older) ||
      isOf(event, older)
    )
      return null;
    const { version, answer } = older;
    return [{ ...event, answer: { ...event.answer, version, revision: answer.revision } }];
  },
};

test.each(Object.entries(spoils))("refused: %s", (_, spoil) => {
  let spoilt = 0;
  const law = property(integer(), (seed) => {
    const random = new Random(seed);
    const history = spoiltIn(new SimulatedService(random).run(), spoil, random);
    if (history === null) return;
    spoilt++;
    const [problem] = problemsIn(history, settled);
    if (problem === undefined)
      throw new Error(["nothing was found wrong in", ...linesOf(history)].join("\n"));
    const shortest = shortestOf(history, problem, settled);
    expect(shortest.length).toBeLessThan(history.length / 2);
    expect(problemsIn(shortest, settled).map(({ rule }) => rule)).toContain(problem.rule);
  });
  assert(law, { numRuns: 60, includeErrorInReport: true });
  expect(spoilt).toBeGreaterThan(10);
});

test("refused: what is there at the end was never announced", () => {
  let spoilt = 0;
  const law = property(integer(), (seed) => {
    const history = new SimulatedService(new Random(seed)).run();
    const read = history.findLast((each) => isFound(each) && isLast(each, history));
    if (read === undefined || !isFound(read) || mayBeDeleted(read, history)) return;
    spoilt++;
    const { revision } = read.answer;
    const unheard = history.filter(
      (each) => each.kind !== "announced" || each.revision < revision || each.file !== read.file,
    );
    expect(problemsIn(unheard, settled).map(({ rule }) => rule)).toEqual(["unannounced"]);
    expect(problemsIn(unheard, { settled: false })).toEqual([]);
  });
  assert(law, { numRuns: 60, includeErrorInReport: true });
  expect(spoilt).toBeGreaterThan(10);
});

/** Spoils one event, any of those that can be; null where there is none. */
function spoiltIn(history: History, spoil: Spoil, random: Random): History | null {
  const places = [...history.keys()].filter((at) => spoil(history[at] as HistoryEvent, history) !== null);
  const at = places[random.int(0, places.length)];
  if (at === undefined) return null;
  return history.toSpliced(at, 1, ...(spoil(history[at] as HistoryEvent, history) ?? []));
}

type Done = Save & { readonly answer: Extract<Change["answer"], { kind: "done" }> };
type Found = Read & { readonly answer: Extract<Read["answer"], { kind: "found" }> };

function isDone(event: HistoryEvent): event is Done {
  return event.kind === "save" && event.answer.kind === "done";
}

function isFound(event: HistoryEvent): event is Found {
  return event.kind === "read" && event.answer.kind === "found";
}

function isOf(event: HistoryEvent, { file, version }: Save): boolean {
  return isFound(event) && event.file === file && event.answer.version === version;
}

function isAnnounced(event: HistoryEvent, { file, answer }: Done): event is Announced {
  return event.kind === "announced" && event.file === file && event.revision === answer.revision;
}

function readsOf(save: Save, history: History): History {
  return history.filter((each) => isOf(each, save));
}

function isLastOfAnswered(read: Read, history: History): boolean {
  return isLast(read, history) && history.some((each) => isDone(each) && isOf(read, each));
}

/** Whether all that was asked of the file was answered before it, if ever. */
function isLast(read: Read, history: History): boolean {
  return history.every((each) => {
    if (!("answer" in each) || each.file !== read.file || each === read) return true;
    return each.sentAt < read.sentAt && (each.answer.kind === "lost" || each.answer.at < read.sentAt);
  });
}

/** A delete of which nobody knows may come at any time. */
function mayBeDeleted({ file }: Read, history: History): boolean {
  return history.some((each) => each.kind === "delete" && each.file === file && each.answer.kind === "lost");
}

function fileOf(event: HistoryEvent): string | null {
  return "file" in event ? event.file : null;
}
