import { createInterface } from "node:readline";
import { openLog } from "../../src/ops/index.ts";
import { startService } from "../../src/service.ts";
import { readSettings } from "../../src/settings.ts";

// The service as `src/main.ts` runs it, but with a clock that its parent sets: each line that comes in says by how many
// milliseconds it is to be ahead of the true time.

let aheadMs = 0;
const settings = readSettings(process.env);
const { log } = await openLog(settings.logLevel, false);
const service = await startService(settings, () => new Date(Date.now() + aheadMs), log);
log.info({ url: service.url }, "listening");
createInterface({ input: process.stdin }).on("line", (line) => {
  aheadMs = Number(line);
  log.info({ aheadMs }, "the clock was set");
});
