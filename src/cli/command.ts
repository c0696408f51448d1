import { type ParseArgsConfig, parseArgs } from "node:util";
import type { Progress } from "./progress.ts";

/** One of what `iotsupport` can do. */
export interface Command {
  readonly name: string;
  /** For the list of commands: a line. */
  readonly summary: string;
  /** All that `--help` says. */
  readonly help: string;
  /** Reads what was typed after the name, and answers what is to be done. Throws `UsageError`. */
  readonly plan: (args: readonly string[]) => (surroundings: Surroundings) => Promise<Outcome>;
}

/** What every command is given. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  /** Where a long step says how far it is; it throws when the command is to end, and to leave things as they were. */
  readonly progress: Progress;
}

/** How a command ended: the same for people and for programs. */
export interface Outcome {
  readonly ok: boolean;
  /** For people. */
  readonly lines: readonly string[];
  /** For programs: what `--json` prints besides `command` and `ok`. */
  readonly report: Readonly<Record<string, unknown>>;
}

/** A command that was typed wrongly. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What a command cannot do, and why: told in its own words, without a stack. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/** What was typed, by Node's own rules: `--name value`, `--name=value`, and operands, of which each has a name. */
export function readArguments<O extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: O,
  operands: readonly string[] = [],
) {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const missing = operands[positionals.length];
    if (missing !== undefined) throw new Error(`${missing} is missing`);
    const extra = positionals[operands.length];
    if (extra !== undefined) throw new Error(`${JSON.stringify(extra)} is one argument too many`);
    return { values, operands: positionals };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
