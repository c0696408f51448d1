import { join } from "node:path";
import { onLoadCores } from "./cores.ts";

const SCRIPT = join(import.meta.dir, "load.lua");

export type Load = {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** What `load.lua` is to send; without it, GETs of the URL. */
  readonly requests?: readonly string[];
};

export type LoadResult = {
  readonly perSecond: number;
  readonly requests: number;
  /** From a request to the last byte of its answer, corrected for requests that a stalled connection could not send. */
  readonly p99Ms: number;
};

/** Sends a load with wrk, each connection its next request once it has the answer. An answer of 4xx or 5xx fails it. */
export async function load({
  url,
  connections,
  seconds,
  headers = {},
  requests = [],
}: Load): Promise<LoadResult> {
  const given = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const threads = ["-t", "1", "-c", String(connections), "-d", `${seconds}s`, "--timeout", "10s"];
  const wrk = Bun.spawn(onLoadCores(["wrk", ...threads, ...given, "-s", SCRIPT, url, "--", ...requests]), {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [said, complained] = await Promise.all([wrk.stdout.text(), wrk.stderr.text(), wrk.exited]);
  const line = said.split("\n").find((each) => each.startsWith("{"));
  if (line === undefined) throw new Error(`wrk ended with ${wrk.exitCode}: ${complained}${said}`);
  const result: Summary = JSON.parse(line);
  if (result.refused > 0 || result.broken > 0 || result.requests === 0) {
    throw new Error(
      `${url}: of ${result.requests} answers ${result.refused} were 4xx or 5xx, ${result.broken} broke`,
    );
  }
  return { ...result, perSecond: result.requests / result.seconds };
}

type Summary = Omit<LoadResult, "perSecond"> & {
  readonly seconds: number;
  readonly refused: number;
  readonly broken: number;
};
