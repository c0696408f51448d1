import { join } from "node:path";
import type { BrokerSettings } from "./broker.ts";
import { childCoverage } from "./child-coverage.ts";
import { within } from "./deadline.ts";
import { signingKey } from "./keys.ts";
import { Lines } from "./lines.ts";
import { ServiceClient } from "./service-client.ts";
import { type TempDir, tempDir } from "./temp-dir.ts";

const MAIN = join(import.meta.dir, "../../src/main.ts");
const STARTED_WITHIN_MS = 30_000;
const REFUSED_WITHIN_MS = 4_000;
const ENDED_WITHIN_MS = 15_000;
const WARN = 40;

export type Environment = Readonly<Record<string, string>>;
type Process = Bun.Subprocess<"pipe", "ignore", "pipe">;

/** The service as a process of its own, to be signalled and killed. */
export class ServiceProcess extends ServiceClient implements AsyncDisposable {
  constructor(
    url: string,
    readonly log: Lines,
    readonly process: Process,
  ) {
    super(url);
  }

  get pid(): number {
    return this.process.pid;
  }

  /** Its log's lines of level "warn" and above. */
  get warnings(): readonly string[] {
    return this.log.all.filter((line) => JSON.parse(line).level >= WARN);
  }

  /** Writes a line on its standard input. */
  tell(line: string): void {
    this.process.stdin.write(`${line}\n`);
    this.process.stdin.flush();
  }

  signal(name: NodeJS.Signals): void {
    this.process.kill(name);
  }

  /** The exit code; null where a signal ended it. */
  async exited(withinMs = ENDED_WITHIN_MS): Promise<number | null> {
    await within(
      withinMs,
      `the end of the service; it logged:\n${this.log.all.join("\n")}`,
      this.process.exited,
    );
    return this.process.exitCode;
  }

  /** Ends it as a power cut does. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.exited();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/** One with a folder of its own, which is gone with it. */
export class LoneService extends ServiceProcess {
  constructor(
    running: ServiceProcess,
    private readonly dir: TempDir,
  ) {
    super(running.url, running.log, running.process);
  }

  /** Nothing lies beside it in its folder: what appears there was not meant to. */
  get dataDir(): string {
    return dataIn(this.dir);
  }

  get folder(): string {
    return this.dir.path;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await this.dir[Symbol.asyncDispose]();
  }
}

/** What a process that was to start a service said on stderr, and its exit code. */
export type FailedStart = { readonly exitCode: number | null; readonly log: Lines };

/**
 * Runs `src/main.ts`, or another `entry`, and waits until it listens. `env` is all that it is given, beside a port the
 * system chooses; `under` is a program that runs it, such as a tracer, without a process of its own between it and us.
 */
export async function startServiceProcess(
  env: Environment,
  under: readonly string[] = [],
  entry = MAIN,
): Promise<ServiceProcess> {
  const { child, log } = spawnService(env, under, entry);
  const listening = log.line(/"msg":"listening"/, 0, STARTED_WITHIN_MS);
  const ended = child.exited.then((code) => {
    throw new Error(`the service ended with ${code} instead of listening:\n${log.all.join("\n")}`);
  });
  try {
    const { url } = JSON.parse(await Promise.race([listening, ended]));
    return new ServiceProcess(url, log, child);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}

/** The same, with its data in a folder of its own and a log that tells of every request; `env` is set besides. */
export async function startLoneService(
  env: Environment = {},
  under: readonly string[] = [],
): Promise<LoneService> {
  const dir = await tempDir();
  try {
    const whole = { ...environment(dataIn(dir)), LOG_LEVEL: "debug", ...env };
    const running = await startServiceProcess(whole, under);
    return new LoneService(running, dir);
  } catch (error) {
    await dir[Symbol.asyncDispose]();
    throw error;
  }
}

/** Runs `src/main.ts` where it is to refuse its start. */
export async function failToStart(env: Environment, under: readonly string[] = []): Promise<FailedStart> {
  const { child, log, read } = spawnService(env, under, MAIN);
  try {
    await within(REFUSED_WITHIN_MS, "the end of a service that can't start", child.exited);
    await read;
    return { exitCode: child.exitCode, log };
  } finally {
    child.kill("SIGKILL");
  }
}

/** Runs `src/main.ts`, and ends it after so long as a power cut does, however far it has come. */
export async function killWhileItStarts(env: Environment, afterMs: number): Promise<void> {
  const { child } = spawnService(env, [], MAIN);
  await Bun.sleep(afterMs);
  child.kill("SIGKILL");
  await child.exited;
}

/** The settings of a service with a broker, as its environment. */
export function environment(dataDir: string, mqtt?: BrokerSettings): Environment {
  const broker = mqtt && { MQTT_URL: mqtt.url, MQTT_USERNAME: mqtt.username, MQTT_PASSWORD: mqtt.password };
  return { DATA_DIR: dataDir, SIGNING_KEY_PATH: signingKey().privateKeyPath, ...broker };
}

function dataIn(dir: TempDir): string {
  return join(dir.path, "data");
}

function spawnService(
  env: Environment,
  under: readonly string[],
  entry: string,
): { child: Process; log: Lines; read: Promise<void> } {
  const { PATH = "", TMPDIR = "/tmp" } = process.env;
  const child = Bun.spawn([...under, process.execPath, entry], {
    env: { PATH, TMPDIR, PORT: "0", ...env, ...childCoverage },
    stdin: "pipe",
    stdout: "ignore",
    stderr: "pipe",
  });
  const log = new Lines();
  return { child, log, read: log.read(child.stderr) };
}
