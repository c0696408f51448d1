import { quote, validationFailed } from "../fault.ts";

/**
 * The moment that an ISO 8601 date and time names, in milliseconds since 1970; what is finer is cut off.
 * Takes what Python's `datetime.isoformat()` writes, and what RFC 3339 §5.6 writes in capitals:
 * `2026-01-31T12:00[:00[.123456]][Z|+01:00]`. Without an offset it is UTC.
 * Throws `validationFailed` on "timestamp" for anything else, also for a day that is in no calendar.
 */
export function parseTimestamp(text: string): number {
  const groups = text.length <= MAX_LENGTH ? format.exec(text)?.groups : undefined;
  if (groups === undefined) throw notATimestamp(text, "is not of this format");
  const { fraction = "", sign } = groups;
  const number = (name: string) => Number(groups[name] ?? 0);

  const dayMs = startOfDay(number("year"), number("month"), number("day"));
  if (dayMs === null) throw notATimestamp(text, "names a day that is in no calendar");
  const timeMs = clockMs(number("hour"), number("minute"), number("second"));
  const offsetMs = clockMs(number("offHour"), number("offMinute"), number("offSecond"));
  const fractionMs = Number(fraction.slice(0, 3).padEnd(3, "0"));
  return dayMs + timeMs + fractionMs + (sign === "-" ? offsetMs : -offsetMs);
}

/**
 * Throws `validationFailed` on "timestamp" when it lies further than the tolerance from the request's arrival, in
 * either direction. Exactly as far is accepted.
 */
export function checkTolerance(timestampMs: number, arrivedMs: number, toleranceSeconds: number): void {
  const aheadSeconds = (timestampMs - arrivedMs) / 1000;
  if (Math.abs(aheadSeconds) <= toleranceSeconds) return;
  const side = aheadSeconds > 0 ? "ahead of" : "behind";
  throw validationFailed(
    "timestamp",
    `is ${Math.abs(aheadSeconds)} s ${side} the server's clock; at most ${toleranceSeconds} s are allowed`,
    { aheadSeconds, toleranceSeconds },
  );
}

const MAX_LENGTH = 50;

const format = new RegExp(
  [
    /^(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)[T ]/,
    /(?<hour>[01]\d|2[0-3]):(?<minute>[0-5]\d)(?::(?<second>[0-5]\d)(?:\.(?<fraction>\d{1,9}))?)?/,
    /(?:Z|(?<sign>[+-])(?<offHour>[01]\d|2[0-3])(?:(?<colon>:?)(?<offMinute>[0-5]\d)(?:\k<colon>(?<offSecond>[0-5]\d))?)?)?$/,
  ]
    .map((part) => part.source)
    .join(""),
);

/** Midnight UTC, from year 1 on; null where the month has no such day. */
function startOfDay(year: number, month: number, day: number): number | null {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day); // Date.UTC would take the years 0 to 99 for 1900 to 1999.
  const isReal = year >= 1 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isReal ? date.getTime() : null;
}

function clockMs(hours: number, minutes: number, seconds: number): number {
  return ((hours * 60 + minutes) * 60 + seconds) * 1000;
}

function notATimestamp(text: string, reason: string) {
  return validationFailed(
    "timestamp",
    `${quote(text)} ${reason}; expected ISO 8601 with a date and a time, as 2026-01-31T12:00:00.000000+00:00`,
  );
}
