import { expect } from "bun:test";
import { join } from "node:path";
import type { Random } from "../../simulate/random.ts";
import { OtaClient } from "../support/ota-client.ts";
import { row } from "../support/row.ts";
import { environment, type ServiceProcess, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";

const NAME = "fw.bin";
const PART_BYTES = 4_096;
const LEAST_BYTES = 20_000;
/** A kill and a start take as long as hundreds of requests. */
const STEPS_PER_ROUND = 150;
const MOST_STEPS_TO_END = 200;

row(
  "R22",
  "a download that goes on without If-Range is one revision's, or begins anew, also over a kill -9",
  { rounds: { test: 6, full: 60 } },
  async ({ rounds, random, did }) => {
    await using dir = await tempDir();
    const env = environment(join(dir.path, "data"));
    await using services = new AsyncDisposableStack();
    let service = services.use(await startServiceProcess(env));
    const versions: Buffer[] = [];
    const replace = async () => {
      versions.push(versionOf(versions.length, random));
      await service.uploadAsset(NAME, versions.at(-1) ?? "");
      did("replacements");
    };
    await replace();
    const clients = clientsOfAllKinds();
    for (let round = 0; round < rounds; round++) {
      for (let at = 0; at < STEPS_PER_ROUND; at++) {
        const client = random.pick(clients);
        const choice = random.int(0, 20);
        const breaksAfter = random.int(0, 4) === 0 ? random.int(0, 10_000) : undefined;
        if (choice === 0) await replace();
        else if (choice === 1) client.loseAll();
        else if (choice === 2) client.wakeAgain();
        else await step(client, service, versions, breaksAfter, did);
      }
      await service.kill();
      did("kills");
      if (random.int(0, 2) === 0) service = services.use(await startServiceProcess(env));
      else service = await startedAndReplaced();
    }
    for (const client of clients) {
      let outcome = "going";
      for (let steps = 0; outcome !== "complete" && steps < MOST_STEPS_TO_END; steps++) {
        outcome = await step(client, service, versions, undefined, did);
      }
      expect(outcome, "a client that is left in peace comes to an end").toBe("complete");
    }

    /** Replaced before any client comes back: none of them is remembered. */
    async function startedAndReplaced(): Promise<ServiceProcess> {
      service = services.use(await startServiceProcess(env));
      await replace();
      return service;
    }
  },
);

row(
  "R22",
  "a download that is not remembered after a kill -9 is not taken for another's at its address",
  {},
  async ({ random, did }) => {
    await using dir = await tempDir();
    const env = environment(join(dir.path, "data"));
    const versions = [versionOf(0, random), versionOf(1, random)];
    const options = { path: `/api/assets/${NAME}`, address: "127.0.0.1", partBytes: PART_BYTES };
    const [first, second] = [new OtaClient(options), new OtaClient(options)];
    {
      await using before = await startServiceProcess(env);
      await before.uploadAsset(NAME, versions[0] ?? "");
      while (first.written.length < PART_BYTES) await step(first, before, versions, undefined, did);
    }
    await using service = await startServiceProcess(env);
    await service.uploadAsset(NAME, versions[1] ?? "");
    while (second.written.length < PART_BYTES) await step(second, service, versions, undefined, did);
    expect(await step(first, service, versions, undefined, did)).toBe("restarted");
  },
);

/** By a MAC of their own, or several at one address without one; in parts, resuming what broke off, or both. */
function clientsOfAllKinds(): [OtaClient, ...OtaClient[]] {
  const path = `/api/assets/${NAME}`;
  const [first, ...others] = [
    { path: `${path}?mac=aa-bb-cc-dd-ee-01`, address: "127.0.0.1", partBytes: PART_BYTES },
    { path: `/api/firmware/${NAME}?mac=aa-bb-cc-dd-ee-02`, address: "127.0.0.1", partBytes: null },
    { path, address: "127.0.0.1", partBytes: PART_BYTES },
    { path, address: "127.0.0.1", partBytes: PART_BYTES },
    { path, address: "127.0.0.1", partBytes: null },
    { path, address: "127.0.0.2", partBytes: PART_BYTES },
    { path, address: "127.0.0.3", partBytes: null },
  ].map((options) => new OtaClient(options));
  if (first === undefined) throw new Error("there is no client");
  return [first, ...others];
}

/** One request; and whatever is written by then is the beginning of one revision. */
async function step(
  client: OtaClient,
  service: ServiceProcess,
  versions: readonly Buffer[],
  breaksAfter: number | undefined,
  did: (what: string) => void,
): Promise<string> {
  const outcome = await client.step(service.url, breaksAfter);
  const { written } = client;
  const isOne = versions.some((version) => version.subarray(0, written.length).equals(written));
  expect(isOne, `${written.length} bytes are the beginning of one revision`).toBe(true);
  did("requests");
  if (outcome === "going") return outcome;
  if (outcome === "restarted") {
    did("downloads begun anew");
    return outcome;
  }
  client.loseAll();
  // Where the file was replaced between its HEAD and its first part, it stops at another length, which the chip finds out.
  const isWhole = versions.some((version) => version.equals(written));
  did(isWhole ? "downloads" : "downloads of a length that was of before");
  return isWhole ? "complete" : "restarted";
}

/** Of a length of its own, and at each place unlike every other. */
function versionOf(n: number, random: Random): Buffer {
  return Buffer.alloc(
    LEAST_BYTES + random.int(0, 20_000),
    new Bun.CryptoHasher("sha256").update(String(n)).digest(),
  );
}
