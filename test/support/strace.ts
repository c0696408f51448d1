import { join } from "node:path";
import { until } from "./deadline.ts";
import { Lines } from "./lines.ts";
import { type TempDir, tempDir } from "./temp-dir.ts";

/** Which system calls are watched, and what is done to them. */
export type Tampering = {
  /** By their names, with commas between. */
  readonly calls: string;
  /** In strace's words, such as `error=EIO:when=3+`; without it they are only noted. */
  readonly inject?: string;
  /** Only those on this file or folder, by its exact path. */
  readonly path?: string;
};

/** strace on a running process: from when it is made until it is disposed of, calls go as it says. */
export class Tracer implements AsyncDisposable {
  constructor(
    private readonly process: Bun.Subprocess,
    private readonly dir: TempDir,
  ) {}

  /** The calls so far, a line each. */
  async calls(): Promise<string[]> {
    const text = await Bun.file(logIn(this.dir)).text();
    return text.split("\n").filter((line) => /^\d+ +\w+\(/.test(line));
  }

  /** Lets go of the process, which goes on as if nothing had been. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill("SIGINT");
    await this.process.exited;
    await this.dir[Symbol.asyncDispose]();
  }
}

/** Only where strace is; see `tools.ts`. */
export async function attachTracer(pid: number, tampering: Tampering): Promise<Tracer> {
  const dir = await tempDir();
  const args = ["-f", "-o", logIn(dir), "-p", String(pid), ...argumentsFor(tampering)];
  const child = Bun.spawn(["strace", ...args], { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const said = new Lines();
  said.read(child.stderr);
  try {
    await said.line(/attached/);
    return new Tracer(child, dir);
  } catch (error) {
    child.kill("SIGKILL");
    await dir[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * What `startServiceProcess` runs a service under to trace it from its first call on, into the file `log`. Calls that
 * are not watched run at full speed; strace is not between the service and us.
 */
export function tracedInto(log: string, tampering: Tampering, ...more: readonly string[]): readonly string[] {
  // strace 6.1 injects no signal where it lets the kernel filter the calls.
  const filter = tampering.inject?.startsWith("signal=") ? [] : ["--seccomp-bpf"];
  return ["strace", "-D", "-f", "-qq", ...filter, "-o", log, ...argumentsFor(tampering), ...more];
}

/** What `tracedInto` has written, once the service has been killed and all of it is there. */
export async function wholeTrace(log: string): Promise<string> {
  let trace = "";
  await until("the end of the trace", async () => {
    trace = await Bun.file(log).text();
    return /\+\+\+ killed by SIGKILL \+\+\+\n$/.test(trace);
  });
  return trace;
}

function argumentsFor({ calls, inject, path }: Tampering): string[] {
  return [
    ...["-e", `trace=${calls}`],
    ...(inject === undefined ? [] : ["-e", `inject=${calls}:${inject}`]),
    ...(path === undefined ? [] : ["-P", path]),
  ];
}

function logIn(dir: TempDir): string {
  return join(dir.path, "calls.txt");
}
