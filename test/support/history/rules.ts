import type { Announced, FileEvent } from "./events.ts";
import { isFound } from "./makers.ts";
import { withoutPartner } from "./pairing.ts";
import type { Problem } from "./problem.ts";
import type { Timeline } from "./timeline.ts";

/** One revision number that is far too high would otherwise be told as millions of gaps below it. */
const MOST_GAPS_TOLD = 20;

/** Changes are numbered in the order in which they can have happened. */
export function orderProblems(file: string, { makers, evidences }: Timeline): Problem[] {
  return [...makers.made].flatMap(([revision, { sentAt }]) => {
    const earlier = evidences.existed(revision);
    if (earlier === null || earlier.at >= sentAt) return [];
    const text = `revision ${revision} was sent after revision ${earlier.revision} ${earlier.how}`;
    return [{ rule: "order", file, revision, text }];
  });
}

/** Nobody is given less than what was known before they asked. */
export function staleProblems(
  file: string,
  events: readonly FileEvent[],
  { evidences }: Timeline,
): Problem[] {
  return events.filter(isFound).flatMap(({ sentAt, answer: { revision } }) => {
    const newer = evidences.existed(revision + 1);
    if (newer === null || newer.at >= sentAt) return [];
    const text = `revision ${revision} was read by a request sent after revision ${newer.revision} ${newer.how}`;
    return [{ rule: "stale", file, revision, text }];
  });
}

export function conditionProblems(file: string, timeline: Timeline): Problem[] {
  return [...timeline.makers.made].flatMap(([revision, change]) => {
    if (timeline.conditionMayHold(change, revision)) return [];
    const { kind, condition } = change;
    const asked =
      typeof condition === "object"
        ? `if it is at revision ${condition.revision}`
        : `if it is ${asksFor(condition)}`;
    const was = timeline.stateAfter(revision - 1) ?? "there";
    const text = `revision ${revision} is a ${kind} ${asked}, and at revision ${revision - 1} it was ${was}`;
    return [{ rule: "condition", file, revision, text }];
  });
}

/** What nobody was answered is the work of those whose answers were lost, and no two revisions that of one. */
export function gapProblems(file: string, timeline: Timeline): Problem[] {
  const { unseen } = timeline.makers;
  const gaps = timeline.gaps(unseen.length + MOST_GAPS_TOLD);
  const alone = withoutPartner(gaps, unseen, (gap, change) => timeline.mayHaveMade(change, gap));
  return alone.map((revision) => ({
    rule: "gap",
    file,
    revision,
    text: `revision ${revision} was answered to nobody, and no request whose answer was lost can have made it`,
  }));
}

export function deleteProblems(file: string, events: readonly FileEvent[], { makers }: Timeline): Problem[] {
  return announcedIn(events)
    .filter(({ revision }) => makers.made.get(revision)?.kind === "delete")
    .map(({ revision }) => ({
      rule: "delete-announced",
      file,
      revision,
      text: `revision ${revision}, a delete, was announced`,
    }));
}

/** When all is quiet: what is there was announced, or something newer was, unless it may have been deleted since. */
export function unannouncedProblems(
  file: string,
  events: readonly FileEvent[],
  timeline: Timeline,
): Problem[] {
  const { newest, makers } = timeline;
  const announced = announcedIn(events).reduce((most, { revision }) => Math.max(most, revision), 0);
  if (newest === 0 || newest === announced || makers.made.get(newest)?.kind === "delete") return [];
  const since = timeline.evidences.notYet(newest)?.at ?? Number.NEGATIVE_INFINITY;
  if (makers.unseen.some((each) => each.kind === "delete" && timeline.endOf(each) >= since)) return [];
  const last = announced === 0 ? "none ever was" : `the last announced is ${announced}`;
  return [
    { rule: "unannounced", file, revision: newest, text: `revision ${newest} was not announced: ${last}` },
  ];
}

function announcedIn(events: readonly FileEvent[]): readonly Announced[] {
  return events.filter((each) => each.kind === "announced");
}

function asksFor(condition: "none" | "absent" | "present"): string {
  return condition === "absent" ? "absent" : "there";
}
