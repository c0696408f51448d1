import { expect } from "bun:test";
import { freePort } from "../support/free-port.ts";
import { atOnce, macs } from "../support/load.ts";
import { row } from "../support/row.ts";
import { environment, type ServiceProcess, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";

const JSON_BODY = { "Content-Type": "application/json" };

row(
  "F4",
  "a revision's number is never used again, whatever is deleted, made anew, rolled back or killed between",
  { rounds: { test: 3, full: 25 } },
  async ({ rounds, random, did }) => {
    await using dir = await tempDir();
    const env = { ...environment(`${dir.path}/data`), PORT: String(await freePort()) };
    const files = macs(5);
    const highest = new Map<string, number>();
    const taken = (mac: string, revision: number) => {
      expect(revision).toBeGreaterThan(highest.get(mac) ?? 0);
      highest.set(mac, revision);
    };
    for (let round = 0; round < rounds; round++) {
      const service = await startServiceProcess(env);
      await atOnce(files.length, files, async (mac) => {
        for (let change = 0; change < 20; change++)
          taken(mac, await changeAnyhow(service, mac, random.int(0, 4)));
      });
      await service.kill();
      did("changes", files.length * 20);
      did("kills");
    }
    await using service = await startServiceProcess(env);
    for (const mac of files) taken(mac, (await service.saveConfig(mac, {})).revision);
  },
);

row(
  "F5",
  "rollbacks at once take a revision each, and each has the bytes it went back to; one can be rolled back itself",
  { rounds: { test: 20, full: 100 } },
  async ({ rounds, did }) => {
    await using dir = await tempDir();
    const env = { ...environment(`${dir.path}/data`), KEEP_REVISIONS: "0" };
    await using service = await startServiceProcess(env);
    const [mac = ""] = macs(1);
    for (const n of [1, 2, 3]) await service.saveConfig(mac, `{"n":${n}}`);
    const back = Array.from({ length: rounds }, (_, at) => (at % 3) + 1);
    const made = await Promise.all(back.map((to) => rollBack(service, mac, to)));
    expect(made.toSorted((a, b) => a - b)).toEqual(back.map((_, at) => at + 4));
    for (const [at, revision] of made.entries()) {
      expect(await contentOf(service, mac, revision)).toBe(`{"n":${back[at]}}`);
    }
    const again = await rollBack(service, mac, made[1] ?? 0);
    expect(again).toBe(rounds + 4);
    expect(await contentOf(service, mac, again)).toBe(`{"n":2}`);
    did("rollbacks at once", rounds);
  },
);

/** Saves, deletes, or rolls back to the revision before; saves where that is not possible. Gives the revision made. */
async function changeAnyhow(service: ServiceProcess, mac: string, kind: number): Promise<number> {
  const latest = await newestRevision(service, mac);
  const response =
    kind === 0
      ? await service.request("DELETE", `/api/configs/${mac}`)
      : kind === 1 && latest > 1
        ? await service.request("POST", `/api/configs/${mac}/rollback`, {
            headers: JSON_BODY,
            body: JSON.stringify({ to: latest - 1 }),
          })
        : null;
  if (response?.ok) return Number(response.headers.get("X-Revision"));
  return (await service.saveConfig(mac, {})).revision;
}

async function newestRevision(service: ServiceProcess, mac: string): Promise<number> {
  const response = await service.request("GET", `/api/configs/${mac}/revisions?limit=1`);
  if (!response.ok) return 0;
  const { revisions }: { revisions: { revision: number }[] } = JSON.parse(await response.text());
  return revisions[0]?.revision ?? 0;
}

async function rollBack(service: ServiceProcess, mac: string, to: number): Promise<number> {
  const body = JSON.stringify({ to });
  const response = await service.request("POST", `/api/configs/${mac}/rollback`, {
    headers: JSON_BODY,
    body,
  });
  expect(response.status).toBe(200);
  return Number(response.headers.get("X-Revision"));
}

async function contentOf(service: ServiceProcess, mac: string, revision: number): Promise<string> {
  return (await service.request("GET", `/api/configs/${mac}/revisions/${revision}`)).text();
}
