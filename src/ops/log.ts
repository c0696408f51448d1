import { setTimeout as wait } from "node:timers/promises";
import { type Logger, pino } from "pino";
import { LineWriter } from "./line-writer.ts";

export type Log = Logger;

/** Names under which a secret could come near a log line. Contents of configs are never handed to the log. */
const SECRETS = ["password", "authorization", "signature", "*.password", "*.authorization", "*.signature"];

/** A reader of stderr that stands still must not hold up our end either: so long it may take the last lines. */
const WRITTEN_WITHIN_MS = 1_000;

/** The log, and its end: resolved once all lines are written, or their reader has stood still for a second. */
export interface OpenLog {
  readonly log: Log;
  /** The last that is done before the process ends: nothing may be logged any more. */
  readonly end: () => Promise<void>;
}

/**
 * JSON lines on stderr, or a readable form where stderr is a terminal. Lines are written without holding up
 * the process.
 */
export async function openLog(level: string, isTerminal: boolean): Promise<OpenLog> {
  const options = { level, redact: SECRETS, base: null };
  if (!isTerminal) {
    const stderr = new LineWriter(2);
    return {
      log: pino(options, stderr),
      end: () => Promise.race([stderr.written(), wait(WRITTEN_WITHIN_MS)]),
    };
  }
  const { default: pretty } = await import("pino-pretty");
  const terminal = pretty({ destination: 2, sync: true, translateTime: "SYS:HH:MM:ss.l" });
  return { log: pino(options, terminal), end: async () => {} };
}
