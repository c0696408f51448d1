import { expect } from "bun:test";
import { join } from "node:path";
import { fillStore } from "../../bench/load/fill-store.ts";
import { macs } from "../support/load.ts";
import { ProcessFigures } from "../support/process-figures.ts";
import { openRaw } from "../support/raw-http.ts";
import { row } from "../support/row.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";

const ASKING = 128;
/** All of them whole would be 900 MB of text. */
const MOST_MORE_MB = 300;

row(
  "A10",
  "whole lists that many ask for and nobody reads take no memory, and hold nobody up",
  { rounds: { test: 0, full: 50_000 } },
  async ({ rounds: configs, did }) => {
    await using dir = await tempDir();
    const dataDir = join(dir.path, "data");
    await fillStore(dataDir, configs);
    await using service = await startServiceProcess(environment(dataDir));
    const figures = new ProcessFigures(service.pid);
    expect(await service.listConfigs()).toHaveLength(configs);
    figures.forgetPeak();
    const before = figures.peakMb;
    await using asking = new AsyncDisposableStack();
    for (let count = 0; count < ASKING; count++) {
      const connection = asking.use(await openRaw(service.url));
      connection.stopReading();
      await connection.send("GET /api/configs HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    }
    for (const mac of macs(200)) await service.fetchConfig(mac); // Served meanwhile, until all is ahead of its readers.
    expect(await service.listConfigs()).toHaveLength(configs);
    expect(figures.peakMb - before).toBeLessThan(MOST_MORE_MB);
    did("lists of that many configs asked for", ASKING);
    did("configs", configs);
  },
);
