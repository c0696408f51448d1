import type { Caller } from "../caller.ts";
import { givenRequestId } from "./request-id.ts";

/** What is known of a request before any route. */
export interface Arrival {
  readonly caller: Caller;
  /** The client's own id of the request, which the answer repeats; null where it gave no sane one. */
  readonly givenId: string | null;
  /** Milliseconds on the monotonic clock, to measure by. */
  readonly beganMs: number;
}

/** The one place where a `Caller` is made, whichever way the request comes in. */
export function arrivalOf(headers: Headers): Arrival {
  const beganMs = performance.now();
  const givenId = givenRequestId(headers);
  return { caller: { kind: "anonymous", requestId: givenId ?? crypto.randomUUID() }, givenId, beganMs };
}
