/**
 * What was done to a service and what came of it, as its clients saw it. Every event carries its own times, in
 * milliseconds of one clock; the order in which they stand says nothing.
 */
export type History = readonly HistoryEvent[];

export type HistoryEvent = FileEvent | Ended | Note;
export type FileEvent = Change | Read | Listed | Announced;
export type Change = Save | Delete;

/** A config or an upload, sent to be the next revision of its file. No two versions of one file are alike. */
export interface Save extends Request {
  readonly kind: "save";
  readonly version: string;
  readonly condition: Condition;
  readonly answer: ChangeAnswer;
}

/** Where it is answered as done, it takes a revision too: the file is absent from there on. */
export interface Delete extends Request {
  readonly kind: "delete";
  readonly condition: Exclude<Condition, "absent">;
  readonly answer: ChangeAnswer;
}

export interface Read extends Request {
  readonly kind: "read";
  readonly answer: ReadAnswer;
}

/** Whether a list that was answered had the file. */
interface Listed extends Request {
  readonly kind: "listed";
  readonly isThere: boolean;
  readonly at: number;
}

/** An announcement, when it came to a subscriber. */
export interface Announced {
  readonly kind: "announced";
  readonly file: string;
  readonly revision: number;
  readonly at: number;
}

/** The service's process was gone by then: what it had not answered has happened before, or never will. */
interface Ended {
  readonly kind: "ended";
  readonly at: number;
}

/** What a reader of the history should know: a start, a broker that went away. */
interface Note {
  readonly kind: "note";
  readonly text: string;
  readonly at: number;
}

/** What a change asks of its file: nothing; that there is none; that there is one; that it is at this revision. */
export type Condition = "none" | "absent" | "present" | { readonly revision: number };

export type ChangeAnswer =
  | { readonly kind: "done"; readonly at: number; readonly revision: number }
  /** The file was not as the change asks, or a delete found none (404, 409, 412). Nothing came of it. */
  | { readonly kind: "unmet"; readonly at: number; readonly status: number }
  /** Nothing came of it, however the file was. */
  | { readonly kind: "refused"; readonly at: number; readonly status: number }
  | Lost;

export type ReadAnswer =
  | { readonly kind: "found"; readonly at: number; readonly revision: number; readonly version: string }
  | { readonly kind: "missing"; readonly at: number }
  | Lost;

/** No answer came, or one that leaves open what became of it. */
export interface Lost {
  readonly kind: "lost";
}

interface Request {
  readonly file: string;
  readonly sentAt: number;
}
