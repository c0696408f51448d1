import manifest from "../../package.json" with { type: "json" };
import { Fault } from "../fault.ts";
import { SettingsError } from "../settings.ts";
import { StoreOpenError } from "../store/index.ts";
import { ArchiveError } from "./archive/manifest.ts";
import { backupCommand } from "./backup.ts";
import { checkCommand } from "./check.ts";
import { type Command, CommandError, type Outcome, type Surroundings, UsageError } from "./command.ts";
import { importCommand } from "./import.ts";
import { restoreCommand } from "./restore.ts";

const FAILED = 1;
const WRONG_USAGE = 2;

const commands: readonly Command[] = [importCommand, backupCommand, restoreCommand, checkCommand];

/** What a command leaves on the terminal. */
export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
  /** 0: done, and all is well. 1: it failed, or found something wrong. 2: it was typed wrongly. */
  readonly exitCode: number;
}

/** Does what was typed after `iotsupport`. With `--json`, stdout is one JSON object, also of what went wrong. */
export async function run(typed: readonly string[], surroundings: Surroundings): Promise<Printed> {
  const isJson = typed.includes("--json");
  const [name, ...args] = typed.filter((word) => word !== "--json");
  const command = commands.find((each) => each.name === name);
  if (name === "--version") return said(`${manifest.version}\n`);
  if (name === undefined || name === "--help" || name === "-h" || name === "help") return said(overview());
  if (args.includes("--help") || args.includes("-h")) return said(command?.help ?? overview());
  try {
    if (command === undefined) throw new UsageError(`there is no command ${JSON.stringify(name)}`);
    const outcome = await command.plan(args)(surroundings);
    return isJson ? asJson(command.name, outcome) : asWords(outcome);
  } catch (error) {
    return failed(
      name,
      command === undefined ? "iotsupport --help" : `iotsupport ${name} --help`,
      error,
      isJson,
    );
  }
}

function said(stdout: string): Printed {
  return { stdout, stderr: "", exitCode: 0 };
}

function asWords({ ok, lines }: Outcome): Printed {
  return { stdout: lines.map((line) => `${line}\n`).join(""), stderr: "", exitCode: ok ? 0 : FAILED };
}

function asJson(command: string, { ok, report }: Outcome): Printed {
  const stdout = `${JSON.stringify({ command, ok, ...report })}\n`;
  return { stdout, stderr: "", exitCode: ok ? 0 : FAILED };
}

function failed(command: string, help: string, error: unknown, isJson: boolean): Printed {
  const message = messageOf(error);
  const isUsage = error instanceof UsageError;
  const hint = isUsage ? `\nTry: ${help}` : "";
  return {
    stdout: isJson ? `${JSON.stringify({ command, ok: false, error: message })}\n` : "",
    stderr: `iotsupport: ${message}${hint}\n`,
    exitCode: isUsage || error instanceof SettingsError ? WRONG_USAGE : FAILED,
  };
}

/** One line of what and what to do for what somebody can do something about; a stack for a fault of our own. */
function messageOf(error: unknown): string {
  const known = [Fault, SettingsError, StoreOpenError, ArchiveError, CommandError, UsageError];
  if (known.some((kind) => error instanceof kind)) return (error as Error).message;
  if (!(error instanceof Error)) return String(error);
  // What the system says names the call and the path.
  return "syscall" in error ? error.message : (error.stack ?? error.message);
}

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const list = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `iotsupport COMMAND …

Works on the data directory of an iotsupport service (DATA_DIR, ./data unless it is set).

${list.join("\n")}

  iotsupport COMMAND --help   what it takes, and examples
  iotsupport --version

Each takes --json: stdout is then one JSON object, also of what went wrong.
Exit codes: 0 done, 1 it failed or found something wrong, 2 it was typed wrongly.
`;
}
