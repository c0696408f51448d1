import type { Change, History, HistoryEvent, Read } from "./events.ts";
import { isChange } from "./makers.ts";

/**
 * What a copy of the service must hold, that was begun at this time: the history up to then. A change that was answered
 * later may be in it or not, as if its answer had been lost; what others saw later says nothing of the copy.
 */
export function backedUp(history: History, began: number): readonly HistoryEvent[] {
  return history.flatMap((event): HistoryEvent[] => {
    if ("at" in event) return event.at <= began ? [event] : [];
    if (answeredBy(event, began)) return [event];
    return isChange(event) && mayCount(event) ? [{ ...event, answer: { kind: "lost" } }] : [];
  });
}

function answeredBy({ answer }: Change | Read, at: number): boolean {
  return "at" in answer && answer.at <= at;
}

/** Of the others nothing came. */
function mayCount({ answer }: Change): boolean {
  return answer.kind === "done" || answer.kind === "lost";
}
