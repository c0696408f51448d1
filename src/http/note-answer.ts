import type { Caller } from "../caller.ts";
import { Fault } from "../fault.ts";
import type { Log, Metrics } from "../ops/index.ts";

/** An answer that is ready to go, as its measure and its log line tell of it. */
export interface Answered {
  readonly caller: Caller;
  readonly method: string;
  readonly path: string;
  /** The pattern, never the path: it is a label. */
  readonly route: string;
  readonly status: number;
  readonly beganMs: number;
  /** What ended the request, where something did. */
  readonly error?: Error | undefined;
}

/** Gives an answer its measure and its log line: changes and reads at debug, refusals at info, and that there is too much to do. */
export function noteAnswer(metrics: Metrics, log: Log, answered: Answered): void {
  const { caller, method, path, route, status, error } = answered;
  const seconds = (performance.now() - answered.beganMs) / 1000;
  metrics.httpRequestDuration.observe({ method: knownMethod(method), route, status }, seconds);
  const line = { requestId: caller.requestId, method, path, status, ms: Math.round(seconds * 1e4) / 10 };
  if (status < 400) log.debug(line, "answered");
  else if (status < 500 || isBusy(error)) log.info({ ...line, fault: error?.message }, "refused");
  else log.error({ ...line, err: error }, "failed");
}

/** It is under load that this is answered, which a stack for each would add to, and nothing has failed. */
function isBusy(error: Error | undefined): boolean {
  return error instanceof Fault && error.code === "BUSY";
}

/** A label must be bounded, and a method may be any word. */
function knownMethod(method: string): string {
  return ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"].includes(method) ? method : "other";
}
