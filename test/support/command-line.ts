import { join } from "node:path";
import { Progress } from "../../src/cli/progress.ts";
import { run } from "../../src/cli/run.ts";
import { childCoverage } from "./child-coverage.ts";
import { within } from "./deadline.ts";

const MAIN = join(import.meta.dir, "../../src/cli/main.ts");
const ENDED_WITHIN_MS = 60_000;

/** How a command ended, and what it said. */
export interface Ended {
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `iotsupport` as a process of its own, on one data directory. */
export class CommandLine {
  constructor(
    readonly dataDir: string,
    private readonly env: Readonly<Record<string, string>> = {},
    private readonly under: readonly string[] = [],
  ) {}

  /** The same, run under a program that watches it. */
  traced(by: readonly string[]): CommandLine {
    return new CommandLine(this.dataDir, this.env, by);
  }

  /** Begins a command, to be signalled or killed. */
  begin(...args: readonly string[]): RunningCommand {
    const { PATH = "", TMPDIR = "/tmp" } = process.env;
    const child = Bun.spawn([...this.under, process.execPath, MAIN, ...args], {
      env: { PATH, TMPDIR, DATA_DIR: this.dataDir, ...this.env, ...childCoverage },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    return new RunningCommand(args.join(" "), child);
  }

  /** Runs a command to its end. */
  run(...args: readonly string[]): Promise<Ended> {
    return this.begin(...args).ended();
  }

  /** Runs a command that is to succeed; any other end is an error that quotes what it said. */
  async succeed(...args: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await this.run(...args);
    if (exitCode !== 0) throw new Error(`${args.join(" ")}: ${exitCode}, not 0: ${stdout}${stderr}`);
    return stdout;
  }

  /** Runs a command with `--json`, whatever its end. */
  async json(...args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
    const { stdout } = await this.run(...args, "--json");
    return JSON.parse(stdout);
  }
}

/** Runs a command in this process: for what does not depend on being one of its own. */
export function runHere(dataDir: string, ...args: readonly string[]): Promise<Ended> {
  const progress = new Progress(null, () => performance.now(), new AbortController().signal);
  return run(args, { env: { DATA_DIR: dataDir }, now: () => new Date(), progress });
}

export class RunningCommand {
  readonly #stdout: Promise<string>;
  readonly #stderr: Promise<string>;

  constructor(
    private readonly typed: string,
    private readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">,
  ) {
    this.#stdout = new Response(child.stdout).text();
    this.#stderr = new Response(child.stderr).text();
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  async ended(): Promise<Ended> {
    await within(ENDED_WITHIN_MS, `the end of iotsupport ${this.typed}`, this.child.exited);
    const [stdout, stderr] = [await this.#stdout, await this.#stderr];
    return { exitCode: this.child.exitCode, stdout, stderr };
  }

  /** Ends it as a power cut does, if it has not ended yet. */
  async kill(): Promise<Ended> {
    this.signal("SIGKILL");
    return await this.ended();
  }
}
