import { expect } from "bun:test";
import { join } from "node:path";
import { HistoryLog } from "../support/history/index.ts";
import { macs } from "../support/load.ts";
import { row } from "../support/row.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";

const WRITERS = 100;
const [PORCH = ""] = macs(1).map((mac) => `configs/${mac}`);

row(
  "R23",
  "of a hundred writers that saw the same version one wins, also of those who saw that there is none; the others get 412",
  { rounds: { test: 5, full: 100 } },
  async ({ rounds, did }) => {
    await using dir = await tempDir();
    await using service = await startServiceProcess(environment(join(dir.path, "data")));
    const log = new HistoryLog();
    const client = log.through(service);
    const writers = Array.from({ length: WRITERS });
    for (let round = 0; round < rounds; round++) {
      const seen = await client.read(PORCH, "operator");
      const isThere = seen.kind === "found";
      const condition = isThere ? { revision: seen.revision } : "absent";
      const answers = await Promise.all(writers.map(() => client.save(PORCH, condition)));
      const won = answers.filter(({ kind }) => kind === "done");
      expect(won).toHaveLength(1);
      expect(answers.filter((each) => each.kind === "unmet" && each.status === 412)).toHaveLength(
        WRITERS - 1,
      );
      did("writers at once", WRITERS);
      did("winners");
      if (round % 3 !== 2) continue;
      const [winner] = won;
      const revision = winner?.kind === "done" ? winner.revision : 0;
      const deletes = await Promise.all(writers.map(() => client.delete(PORCH, { revision })));
      expect(deletes.filter(({ kind }) => kind === "done")).toHaveLength(1);
      did("deleters at once", WRITERS);
    }
    await client.readAll();
    log.expectToFit();
  },
);
