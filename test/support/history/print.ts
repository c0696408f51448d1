import type { CheckOptions } from "./check.ts";
import type { Change, History, HistoryEvent, Read } from "./events.ts";
import type { Problem } from "./problem.ts";
import { shortestOf } from "./shortest.ts";

const MOST_TOLD = 10;

/** What does not fit, and the shortest history that shows the first of it. */
export function explain(history: History, problems: readonly Problem[], options: CheckOptions): string {
  const told = problems.slice(0, MOST_TOLD).map(({ file, text }) => `  ${file}: ${text}`);
  const more = problems.length > MOST_TOLD ? [`  and ${problems.length - MOST_TOLD} more`] : [];
  const [first] = problems;
  const shortest = first === undefined ? [] : linesOf(shortestOf(history, first, options));
  return [
    "the history does not hold:",
    ...told,
    ...more,
    "the shortest that shows the first:",
    ...shortest,
  ].join("\n");
}

/** A line for each event, in the order of their beginnings, with milliseconds from the first on. */
export function linesOf(history: History): string[] {
  const events = history.toSorted((a, b) => startOf(a) - startOf(b));
  const zero = events[0] === undefined ? 0 : startOf(events[0]);
  return events.map((event) => `  ${ms(startOf(event) - zero)}  ${tell(event, zero)}`);
}

function startOf(event: HistoryEvent): number {
  return "sentAt" in event ? event.sentAt : event.at;
}

function tell(event: HistoryEvent, zero: number): string {
  switch (event.kind) {
    case "ended":
      return "the service has ended";
    case "note":
      return event.text;
    case "announced":
      return `${event.file}: revision ${event.revision} announced`;
    case "listed":
      return `${event.file}: list → ${event.isThere ? "there" : "not there"}, at ${ms(event.at - zero).trim()}`;
    case "read":
      return `${event.file}: read → ${answerTo(event)}${until(event, zero)}`;
    default: {
      const what = event.kind === "save" ? `save of ${event.version}` : "delete";
      return `${event.file}: ${what}${conditionOf(event)} → ${answerTo(event)}${until(event, zero)}`;
    }
  }
}

function answerTo({ answer }: Change | Read): string {
  switch (answer.kind) {
    case "done":
      return `revision ${answer.revision}`;
    case "found":
      return `${answer.version}, revision ${answer.revision}`;
    case "missing":
      return "404";
    case "lost":
      return "no answer";
    default:
      return `refused with ${answer.status}`;
  }
}

function until({ answer }: Change | Read, zero: number): string {
  return answer.kind === "lost" ? "" : `, at ${ms(answer.at - zero).trim()}`;
}

function conditionOf({ condition }: Change): string {
  if (condition === "none") return "";
  return typeof condition === "object" ? ` if at revision ${condition.revision}` : ` if ${condition}`;
}

function ms(time: number): string {
  return `${time.toFixed(1).padStart(9)} ms`;
}
