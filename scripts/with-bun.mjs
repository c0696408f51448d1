import { join } from "node:path";
import { Child } from "./child.mjs";
import { PROJECT, runCommand } from "./cli.mjs";
import { BUN, prepareDependencies } from "./dependencies.mjs";
import { StopSignals } from "./stop-signals.mjs";

/** Runs a script of the project by the Bun that comes with it, where only Node is to be found. @param {string} script */
export async function runWithBun(script) {
  await runCommand(async () => {
    prepareDependencies();
    const stopSignals = new StopSignals();
    const args = [join(PROJECT, script), ...process.argv.slice(2)];
    const command = new Child(BUN, args, { stdio: ["ignore", "inherit", "inherit"] });
    stopSignals.passTo(command);
    return await command.ended;
  });
}
