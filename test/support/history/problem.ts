/** What does not fit in a history. */
export interface Problem {
  readonly rule: Rule;
  readonly file: string;
  /** Which it is about; 0 where it is about none. */
  readonly revision: number;
  /** A sentence about the file. */
  readonly text: string;
}

type Rule =
  /** Revisions are whole numbers from 1 on. */
  | "number"
  /** One revision is one version, and one version one revision. */
  | "one-to-one"
  /** What is there or announced was sent. */
  | "sent"
  /** What was refused is not there. */
  | "refused"
  /** What was answered, read or announced before a change was sent is of a lower revision. */
  | "order"
  /** Nobody is given an older revision than was answered, read or announced before they asked. */
  | "stale"
  /** A change is done only where its condition held. */
  | "condition"
  /** A 404, 409 or 412 is answered only where the file may have been so. */
  | "state"
  /** A revision that was answered to nobody is the work of a request whose answer was lost; each made one at most. */
  | "gap"
  /** A delete is not announced. */
  | "delete-announced"
  /** The newest revision of a file that is there is announced. */
  | "unannounced";
