import { setTimeout as wait } from "node:timers/promises";
import { destination, type Logger, pino } from "pino";

export type Log = Logger;

/** Names under which a secret could come near a log line. Contents of configs are never handed to the log. */
const SECRETS = ["password", "authorization", "signature", "*.password", "*.authorization", "*.signature"];

/** A reader of stderr that stands still must not fill our memory: beyond this, lines are dropped. */
const MOST_BUFFERED_BYTES = 16 * 1024 * 1024;

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
    // With a least length of 0 the library's flush waits for nothing, and the last lines would be lost.
    const stderr = destination({ dest: 2, sync: false, minLength: 1, maxLength: MOST_BUFFERED_BYTES });
    return { log: pino(options, stderr), end: () => endOf(stderr) };
  }
  const { default: pretty } = await import("pino-pretty");
  const terminal = pretty({ destination: 2, sync: true, translateTime: "SYS:HH:MM:ss.l" });
  return { log: pino(options, terminal), end: async () => {} };
}

async function endOf(stderr: ReturnType<typeof destination>): Promise<void> {
  const written = new Promise((resolve) => stderr.flush(resolve));
  await Promise.race([written, wait(WRITTEN_WITHIN_MS)]);
  stderr.destroy(); // Else the library waits at the exit, for good, to write what the reader does not take.
}
