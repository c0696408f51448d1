import { type Logger, pino } from "pino";

export type Log = Logger;

/** Names under which a secret could come near a log line. Contents of configs are never handed to the log. */
const SECRETS = ["password", "authorization", "signature", "*.password", "*.authorization", "*.signature"];

/**
 * JSON lines on stderr, or a readable form where stderr is a terminal. Written at once, so that the last
 * line before a crash is there.
 */
export async function createLog(level: string, isTerminal: boolean): Promise<Log> {
  const options = { level, redact: SECRETS, base: null };
  if (!isTerminal) return pino(options, pino.destination({ dest: 2, sync: true }));
  const { default: pretty } = await import("pino-pretty");
  return pino(options, pretty({ destination: 2, sync: true, translateTime: "SYS:HH:MM:ss.l" }));
}
