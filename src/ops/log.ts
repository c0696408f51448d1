import { destination, type Logger, pino } from "pino";

export type Log = Logger;

/** Names under which a secret could come near a log line. Contents of configs are never handed to the log. */
const SECRETS = ["password", "authorization", "signature", "*.password", "*.authorization", "*.signature"];

/** A reader of stderr that stands still must not fill our memory: beyond this, lines are dropped. */
const MOST_BUFFERED_BYTES = 16 * 1024 * 1024;

/**
 * JSON lines on stderr, or a readable form where stderr is a terminal. Lines are written without holding up
 * the process: `flush` before it ends.
 */
export async function createLog(level: string, isTerminal: boolean): Promise<Log> {
  const options = { level, redact: SECRETS, base: null };
  if (!isTerminal)
    return pino(options, destination({ dest: 2, sync: false, maxLength: MOST_BUFFERED_BYTES }));
  const { default: pretty } = await import("pino-pretty");
  return pino(options, pretty({ destination: 2, sync: true, translateTime: "SYS:HH:MM:ss.l" }));
}
