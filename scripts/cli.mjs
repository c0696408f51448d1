import { fileURLToPath } from "node:url";

/** The project's folder, wherever the command was typed. */
export const PROJECT = fileURLToPath(new URL("..", import.meta.url));

/** The exit code for a command that was typed wrongly. */
export const WRONG_USAGE = 2;

/** An end that the person at the keyboard can do something about: told in its own words, without a stack. */
export class Stop extends Error {
  /**
   * @param {string} message what happened and what to do
   * @param {number} exitCode
   */
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Why something failed, in a line. @param {unknown} error */
export function reasonOf(error) {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

// Whoever reads us may go away first (`npm start | head`): no reason to end before what we started.
process.stdout.on("error", () => undefined);

/** Tells the person at the keyboard. @param {string} text */
export function say(text) {
  process.stdout.write(`${text}\n`);
}

/**
 * Runs a command and ends with the exit code it answers; a `Stop` is told on stderr.
 *
 * @param {() => number | Promise<number>} command
 */
export async function runCommand(command) {
  try {
    process.exitCode = await command();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}
