import { CommandError } from "./command.ts";
import { Progress } from "./progress.ts";
import { run } from "./run.ts";

const FAILED = 1;

process.umask(0o077); // Configs often hold passwords: what we write is our account's alone.
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (stopping.signal.aborted) process.exit(FAILED);
    stopping.abort(new CommandError(`stopped by ${signal}`));
  });
}
process.stdout.on("error", () => {}); // Whoever reads us may go away first: no reason to leave a thing half done.
const terminal = process.stderr.isTTY ? process.stderr : null;
const progress = new Progress(terminal, () => performance.now(), stopping.signal);
const printed = await run(process.argv.slice(2), {
  env: process.env,
  now: () => new Date(),
  progress,
});
progress.end();
process.stdout.write(printed.stdout);
process.stderr.write(printed.stderr);
process.exitCode = printed.exitCode;
