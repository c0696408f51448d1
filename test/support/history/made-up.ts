import type { Change, Condition, HistoryEvent } from "./events.ts";

// Events of one file for the tests of the history checker, told in few words. Times are whole numbers.

export const FILE = "configs/f";

export function saved(
  version: string,
  revision: number,
  sentAt: number,
  at: number,
  condition: Condition = "none",
): Change {
  return { kind: "save", file: FILE, version, condition, sentAt, answer: { kind: "done", at, revision } };
}

export function deleted(
  revision: number,
  sentAt: number,
  at: number,
  condition: Exclude<Condition, "absent"> = "none",
): Change {
  return { kind: "delete", file: FILE, condition, sentAt, answer: { kind: "done", at, revision } };
}

export function lost(kind: "save" | "delete", sentAt: number): Change {
  const asked = { file: FILE, condition: "none", sentAt, answer: { kind: "lost" } } as const;
  return kind === "delete" ? { kind, ...asked } : { kind, version: `lost at ${sentAt}`, ...asked };
}

/** Refused for the state of the file: 404, 409, 412; or for anything else. */
export function refused(
  version: string,
  status: number,
  sentAt: number,
  at: number,
  condition: Condition = "none",
): Change {
  const kind = [404, 409, 412].includes(status) ? "unmet" : "refused";
  return { kind: "save", file: FILE, version, condition, sentAt, answer: { kind, at, status } };
}

export function deleteOfNothing(sentAt: number, at: number): Change {
  return {
    kind: "delete",
    file: FILE,
    condition: "none",
    sentAt,
    answer: { kind: "unmet", at, status: 404 },
  };
}

export function read(version: string, revision: number, sentAt: number, at: number): HistoryEvent {
  return { kind: "read", file: FILE, sentAt, answer: { kind: "found", at, revision, version } };
}

export function readOfNothing(sentAt: number, at: number): HistoryEvent {
  return { kind: "read", file: FILE, sentAt, answer: { kind: "missing", at } };
}

export function listed(isThere: boolean, sentAt: number, at: number): HistoryEvent {
  return { kind: "listed", file: FILE, isThere, sentAt, at };
}

export function announced(revision: number, at: number): HistoryEvent {
  return { kind: "announced", file: FILE, revision, at };
}

export function ended(at: number): HistoryEvent {
  return { kind: "ended", at };
}
