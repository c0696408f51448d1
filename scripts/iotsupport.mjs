#!/usr/bin/env node
// `iotsupport COMMAND …`: works on the data, where only Node is to be found: the rest is run by the Bun that comes with it.
import { join } from "node:path";
import { Child } from "./child.mjs";
import { PROJECT, runCommand } from "./cli.mjs";
import { BUN, prepareDependencies } from "./dependencies.mjs";
import { StopSignals } from "./stop-signals.mjs";

await runCommand(async () => {
  prepareDependencies();
  const stopSignals = new StopSignals();
  const args = [join(PROJECT, "src/cli/main.ts"), ...process.argv.slice(2)];
  const command = new Child(BUN, args, { stdio: ["ignore", "inherit", "inherit"] });
  stopSignals.passTo(command);
  return await command.ended;
});
