import { openLog } from "./ops/index.ts";
import { StartError, startService } from "./service.ts";
import { readSettings, SettingsError } from "./settings.ts";
import { StoreOpenError } from "./store/index.ts";

const FAILED = 1;
const WRONG_SETTINGS = 2;

process.umask(0o077); // Configs often hold passwords: what we write is our account's alone.
const settings = settingsOrExit();
const { log, end: endLog } = await openLog(settings.logLevel, process.stderr.isTTY);
const ending = Promise.withResolvers<number>();
process.on("uncaughtException", (error) => {
  log.fatal({ err: error }, "a fault of our own; the service stops");
  ending.resolve(FAILED);
});
const service = await serviceOrExit();
log.info({ url: service.url }, "listening");

service.failed.then((error) => {
  log.fatal({ err: error }, "the service cannot go on, and stops");
  ending.resolve(FAILED);
});
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    log.info({ signal }, "stopping");
    process.once("SIGINT", () => exitWith(FAILED));
    process.once("SIGTERM", () => exitWith(FAILED));
    service.drain().then(() => ending.resolve(0));
  });
}
const code = await ending.promise;
await service[Symbol.asyncDispose]();
log.info("stopped");
await exitWith(code);

function settingsOrExit() {
  try {
    return readSettings(process.env);
  } catch (error) {
    if (error instanceof SettingsError) exit(error, WRONG_SETTINGS);
    throw error;
  }
}

async function serviceOrExit() {
  try {
    return await startService(settings, () => new Date(), log);
  } catch (error) {
    if (error instanceof StartError || error instanceof StoreOpenError) exit(error, FAILED);
    throw error;
  }
}

/** What stops the start is the operator's to mend: one message, without a stack. */
function exit({ message }: Error, code: number): never {
  process.stderr.write(`iotsupport: ${message}\n`);
  process.exit(code);
}

/** What was logged is written first. */
async function exitWith(code: number): Promise<never> {
  await endLog();
  process.exit(code);
}
