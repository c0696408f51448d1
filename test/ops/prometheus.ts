import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until, within } from "../support/deadline.ts";
import { freePort } from "../support/free-port.ts";
import { Lines } from "../support/lines.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { PROMETHEUS_FOLDER } from "./alert-files.ts";

const READY_WITHIN_MS = 15_000;
const ENDED_WITHIN_MS = 10_000;

/** A Prometheus with the project's configuration and rules, in a hurry: it looks each second. */
export class Prometheus implements AsyncDisposable {
  constructor(
    private readonly url: string,
    private readonly dir: TempDir,
    private readonly child: Bun.Subprocess,
  ) {}

  /** What its HTTP API answers (https://prometheus.io/docs/prometheus/latest/querying/api/). */
  async ask<T>(path: string, parameters: Record<string, string> = {}): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const answer = (await response.json()) as { status: string; data: T; error?: string };
    if (answer.status !== "success")
      throw new Error(`${path} ${JSON.stringify(parameters)}: ${answer.error}`);
    return answer.data;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGTERM");
    await within(ENDED_WITHIN_MS, "the end of Prometheus", this.child.exited);
    await this.dir[Symbol.asyncDispose]();
  }
}

/** Starts one that looks at a service, given by its URL. */
export async function startPrometheus(program: string, target: string): Promise<Prometheus> {
  const dir = await tempDir();
  const configuration = await readFile(join(PROMETHEUS_FOLDER, "prometheus.yml"), "utf8");
  const { host } = new URL(target);
  const here = configuration.replace("iotsupport:3201", host).replaceAll(/(interval): 15s/g, "$1: 1s");
  await writeFile(join(dir.path, "prometheus.yml"), here);
  await copyFile(join(PROMETHEUS_FOLDER, "alerts.yml"), join(dir.path, "alerts.yml"));
  const address = `127.0.0.1:${await freePort()}`;
  const child = Bun.spawn(
    [program, "--config.file=prometheus.yml", "--storage.tsdb.path=data", `--web.listen-address=${address}`],
    { cwd: dir.path, stdin: "ignore", stdout: "ignore", stderr: "pipe" },
  );
  const log = new Lines();
  void log.read(child.stderr);
  const prometheus = new Prometheus(`http://${address}`, dir, child);
  try {
    const isReady = () =>
      fetch(`http://${address}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    await until("Prometheus is ready", isReady, READY_WITHIN_MS);
    return prometheus;
  } catch (error) {
    await prometheus[Symbol.asyncDispose]();
    throw new Error(`Prometheus did not start:\n${log.all.join("\n")}`, { cause: error });
  }
}
