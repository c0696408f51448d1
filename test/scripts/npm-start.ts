import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { childCoverage } from "../support/child-coverage.ts";
import { until, within } from "../support/deadline.ts";
import { freePort } from "../support/free-port.ts";
import { signingKey } from "../support/keys.ts";
import { Lines } from "../support/lines.ts";
import type { TempDir } from "../support/temp-dir.ts";

const SCRIPTS = join(import.meta.dir, "../../scripts");
const PROJECT = join(SCRIPTS, "..");
const READY_WITHIN_MS = 15_000;
const ENDED_WITHIN_MS = 15_000;

/** Nothing is set: all is made that can be. */
export const NOTHING_SET = {};
const KEY_AT_HAND = { SIGNING_KEY_PATH: signingKey().publicKeyPath };

type Environment = Readonly<Record<string, string>>;

/** What a script of ours said, on stdout and stderr, and its exit code. */
export type Ended = { readonly exitCode: number | null; readonly said: readonly string[] };

/** `npm start` on a data directory and an HTTP port of its own, in a process group of its own as under a shell. */
export class NpmStart implements AsyncDisposable {
  readonly said = new Lines();
  readonly #process;
  readonly #exited;

  constructor(
    readonly dataDir: string,
    readonly port: number,
    args: readonly string[],
    env: Environment,
  ) {
    this.#process = runScript("start.mjs", args, { DATA_DIR: dataDir, PORT: String(port), ...env });
    this.#exited = exitOf(this.#process);
    void this.said.read(Readable.toWeb(this.#process.stdout));
    void this.said.read(Readable.toWeb(this.#process.stderr));
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async ready(): Promise<void> {
    const ended = this.#exited.then((code) => {
      throw new Error(`npm start ended with ${code}:\n${this.said.all.join("\n")}`);
    });
    await Promise.race([this.said.line(/^Ctrl-C ends everything/, 0, READY_WITHIN_MS), ended]);
  }

  /** The lines that it printed to be pasted. */
  get linesToPaste(): readonly string[] {
    return this.said.matching(/^ {2}(mosquitto_sub|curl|head|npm) /).map((line) => line.trim());
  }

  /** Of the broker that it started. */
  async brokerUrl(): Promise<string> {
    const line = await this.said.line(/^ {2}broker .*mqtt:/);
    return /mqtt:\S+/.exec(line)?.[0] ?? "";
  }

  password(account: "mqtt" | "device"): Promise<string> {
    return readFile(join(this.dataDir, `secrets/${account}-password`), "utf8");
  }

  /** The numbers of the processes it started. */
  async children(): Promise<readonly number[]> {
    const { broker, service } = JSON.parse(await readFile(join(this.dataDir, "running.json"), "utf8"));
    return [broker?.pid, service?.pid].filter((pid) => pid !== undefined);
  }

  /** To itself alone, as `kill` does, or to its whole process group, as a terminal does at Ctrl-C. */
  signal(name: NodeJS.Signals, to: "itself" | "group" = "itself"): void {
    const { pid } = this.#process;
    if (pid !== undefined) process.kill(to === "group" ? -pid : pid, name);
  }

  /** Its exit code; null where a signal ended it. */
  ended(): Promise<number | null> {
    return within(ENDED_WITHIN_MS, `its end; it said:\n${this.said.all.join("\n")}`, this.#exited);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.signal("SIGTERM");
    await this.ended();
  }
}

/** Without `env` it is given a key at hand: to make one takes a tenth of a second and more. */
export async function npmStart(dataDir: TempDir, env: Environment = KEY_AT_HAND): Promise<NpmStart> {
  const start = new NpmStart(join(dataDir.path, "data"), await freePort(), [], env);
  await start.ready();
  return start;
}

/** Runs a script of ours to its end. */
export async function run(script: string, args: readonly string[], env: Environment = {}): Promise<Ended> {
  const child = runScript(script, args, env);
  const said = new Lines();
  const read = [said.read(Readable.toWeb(child.stdout)), said.read(Readable.toWeb(child.stderr))];
  const exitCode = await within(ENDED_WITHIN_MS, `the end of ${script}`, exitOf(child));
  await Promise.all(read);
  return { exitCode, said: said.all };
}

/** Runs a line as one does who pastes it into a terminal, and answers what it wrote. */
export async function paste(line: string): Promise<string> {
  const child = Bun.spawn(["sh", "-c", line], {
    cwd: PROJECT,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  return await new Response(child.stdout).text();
}

export async function gone(pids: readonly number[]): Promise<void> {
  await until(`the end of ${pids.join(", ")}`, () => !pids.some(isAlive));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function runScript(script: string, args: readonly string[], env: Environment) {
  const { PATH = "", HOME = "/", TMPDIR = "/tmp" } = process.env;
  return spawn(Bun.which("node") ?? process.execPath, [join(SCRIPTS, script), ...args], {
    cwd: PROJECT,
    env: { PATH, HOME, TMPDIR, ...env, ...childCoverage },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
}

async function exitOf(child: ReturnType<typeof runScript>): Promise<number | null> {
  const [code] = await once(child, "exit");
  return code;
}
