/** Who asks: made once per request, before any route, and handed to every rule and every write. */
export interface Caller {
  /** What the caller has proven to be; until access control exists, nobody in particular. */
  readonly kind: "anonymous";
  /** The request's id, as it stands in its answer and its log lines. */
  readonly requestId: string;
}

/** The name under which a caller's changes are kept: null for one who has proven none. */
export function authorOf(caller: Caller): string | null {
  switch (caller.kind) {
    case "anonymous":
      return null;
  }
}
