import type { Change, FileEvent } from "./events.ts";
import type { Evidence } from "./evidence.ts";
import type { Problem } from "./problem.ts";
import type { Epoch, Timeline } from "./timeline.ts";

/** An answer that tells how the file was at some moment between request and answer, without naming a revision. */
export interface Observation {
  readonly sentAt: number;
  readonly at: number;
  /** How the file must have been. */
  readonly shows: "live" | "absent" | { readonly not: number } | "nothing that can be";
  /** As a sentence's subject: "a read was answered 404". */
  readonly told: string;
}

export function observationsIn(events: readonly FileEvent[]): readonly Observation[] {
  return events.flatMap((event) => observationIn(event) ?? []);
}

function observationIn(event: FileEvent): Observation | null {
  if (event.kind === "announced") return null;
  const { sentAt } = event;
  if (event.kind === "listed") {
    const [shows, told] = event.isThere
      ? (["live", "was listed"] as const)
      : (["absent", "was not listed"] as const);
    return { sentAt, at: event.at, shows, told: `it ${told}` };
  }
  if (event.kind === "read") {
    if (event.answer.kind !== "missing") return null;
    return { sentAt, at: event.answer.at, shows: "absent", told: "a read was answered 404" };
  }
  if (event.answer.kind !== "unmet") return null;
  const { at, status } = event.answer;
  return { sentAt, at, shows: shownBy(event, status), told: `a ${event.kind} was answered ${status}` };
}

/** Those epochs in which the answer can have been true. */
function epochsOf({ shows, sentAt, at }: Observation, timeline: Timeline): readonly Epoch[] {
  const { evidences, epochs } = timeline;
  return epochs.filter((epoch) => {
    const began = evidences.notYet(epoch.revision)?.at ?? Number.NEGATIVE_INFINITY;
    const ended = evidences.existed(epoch.next)?.at ?? Number.POSITIVE_INFINITY;
    return began <= at && ended >= sentAt && maybe(shows, epoch, began, at, timeline);
  });
}

/** What the answer says of when revisions came to be: not later than the first of its epochs, not before its last. */
export function evidenceOf(
  observation: Observation,
  timeline: Timeline,
): { existed: Evidence[]; notYet: Evidence[] } {
  const epochs = epochsOf(observation, timeline);
  const [first, last] = [epochs.at(0), epochs.at(-1)];
  const how = `had to be there when ${observation.told}`;
  return {
    existed: first && first.revision > 0 ? [{ revision: first.revision, at: observation.at, how }] : [],
    notYet:
      last && last.next < Number.POSITIVE_INFINITY
        ? [{ revision: last.next, at: observation.sentAt, how }]
        : [],
  };
}

export function stateProblems(
  file: string,
  observations: readonly Observation[],
  timeline: Timeline,
): Problem[] {
  return observations
    .filter((each) => epochsOf(each, timeline).length === 0)
    .map(({ told, shows }) => {
      return { rule: "state", file, revision: 0, text: `${told} ${whyNot(shows)}` };
    });
}

function whyNot(shows: Observation["shows"]): string {
  if (typeof shows === "object") return `while it was at revision ${shows.not} all the time`;
  return shows === "nothing that can be" ? "and asks nothing of the file" : `while it was never ${shows}`;
}

function shownBy({ kind, condition }: Change, status: number): Observation["shows"] {
  if (kind === "delete" && status === 404) return "absent";
  if (typeof condition === "object") return { not: condition.revision };
  if (condition === "absent") return "live";
  return condition === "present" ? "absent" : "nothing that can be";
}

function maybe(
  shows: Observation["shows"],
  epoch: Epoch,
  from: number,
  to: number,
  timeline: Timeline,
): boolean {
  if (shows === "nothing that can be") return false;
  if (epoch.state !== "open") {
    return typeof shows === "object" ? !isLiveAt(epoch, shows.not) : epoch.state === shows;
  }
  const kinds = typeof shows === "object" ? ["save", "delete"] : [shows === "live" ? "save" : "delete"];
  return timeline.makers.unseen.some(
    (each) => kinds.includes(each.kind) && each.sentAt <= to && timeline.endOf(each) >= from,
  );
}

function isLiveAt({ state, revision }: Epoch, other: number): boolean {
  return state === "live" && revision === other;
}
