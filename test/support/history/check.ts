import type { Change, FileEvent, History } from "./events.ts";
import { makersIn } from "./makers.ts";
import { evidenceOf, observationsIn, stateProblems } from "./observation.ts";
import type { Problem } from "./problem.ts";
import {
  conditionProblems,
  deleteProblems,
  gapProblems,
  orderProblems,
  staleProblems,
  unannouncedProblems,
} from "./rules.ts";
import { Timeline } from "./timeline.ts";

export interface CheckOptions {
  /** All is answered, and announced what will be: what is not announced by now counts as lost. */
  readonly settled: boolean;
}

/**
 * Holds a history against the model: of each file there are revisions 1, 2, 3 …, each made by one change at one moment
 * between its sending and its answer; a read gives the newest of some moment between its sending and its answer; and
 * each save is announced. Returns what does not fit, and nothing for a history that a right service may have.
 */
export function problemsIn(history: History, { settled }: CheckOptions): Problem[] {
  const endings = history
    .flatMap((each) => (each.kind === "ended" ? [each.at] : []))
    .toSorted((a, b) => a - b);
  const endOf = ({ sentAt }: Change) => endings.find((end) => end >= sentAt) ?? Number.POSITIVE_INFINITY;
  const files = Map.groupBy(history.filter(isOfFile), ({ file }) => file);
  return [...files].flatMap(([file, events]) => problemsOf(file, events, endOf, settled));
}

function problemsOf(
  file: string,
  all: readonly FileEvent[],
  endOf: (change: Change) => number,
  settled: boolean,
): Problem[] {
  const events = all.filter((each) => isRevision(revisionIn(each)));
  const makers = makersIn(file, events);
  const observations = observationsIn(events);
  const plain = new Timeline(events, makers, endOf, { existed: [], notYet: [] });
  const shown = observations.map((each) => evidenceOf(each, plain));
  const timeline = new Timeline(events, makers, endOf, {
    existed: shown.flatMap(({ existed }) => existed),
    notYet: shown.flatMap(({ notYet }) => notYet),
  });
  return [
    ...numberProblems(file, all),
    ...makers.problems,
    ...orderProblems(file, timeline),
    ...staleProblems(file, events, timeline),
    ...conditionProblems(file, timeline),
    ...stateProblems(file, observations, timeline),
    ...gapProblems(file, timeline),
    ...deleteProblems(file, events, timeline),
    ...(settled ? unannouncedProblems(file, events, timeline) : []),
  ];
}

function numberProblems(file: string, events: readonly FileEvent[]): Problem[] {
  return events
    .map(revisionIn)
    .filter((revision) => !isRevision(revision))
    .map((revision) => ({ rule: "number", file, revision, text: `${revision} is no revision` }));
}

/** The revision that an event names; 1, which is one, where it names none. */
function revisionIn(event: FileEvent): number {
  if (event.kind === "announced") return event.revision;
  if (event.kind === "listed") return 1;
  return "revision" in event.answer ? event.answer.revision : 1;
}

function isRevision(revision: number): boolean {
  return Number.isSafeInteger(revision) && revision > 0;
}

function isOfFile(event: History[number]): event is FileEvent {
  return event.kind !== "ended" && event.kind !== "note";
}
