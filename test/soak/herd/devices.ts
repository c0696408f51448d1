// `bun devices.ts SETTINGS`: so many devices in one process. Each is subscribed, and fetches what it is told of. A line
// of JSON on stdout when all are subscribed, and one for each announcement when all have fetched.
import { percentile } from "../../support/load.ts";
import { type Fetched, fetchOnce } from "./fetch.ts";
import { type Account, subscribe } from "./mqtt-device.ts";

export type HerdSettings = {
  readonly account: Account;
  readonly service: { readonly host: string; readonly port: number };
  readonly topic: string;
  /** Where the files lie that the topic tells of. */
  readonly folder: "configs" | "assets";
  readonly devices: number;
};

export type HerdRound = {
  readonly filename: string;
  readonly statuses: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
};

/** So many are connecting at the same time: fewer than a listener's backlog. */
const CONNECTING_MOST = 100;

const settings: HerdSettings = JSON.parse(process.argv[2] ?? "{}");
const fetched = new Map<string, Fetched[]>();

const waiting = Array.from({ length: settings.devices }, (_, at) => at).values();
await Promise.all(Array.from({ length: CONNECTING_MOST }, subscribeInTurn));
say({ subscribed: settings.devices });

async function subscribeInTurn(): Promise<void> {
  for (const at of waiting) await subscribe(settings.account, `herd-${at}`, settings.topic, fetchAnnounced);
}

async function fetchAnnounced(payload: string): Promise<void> {
  const { filename } = JSON.parse(payload);
  const { host, port } = settings.service;
  const outcome = await fetchOnce(host, port, `/api/${settings.folder}/${filename}`);
  const all = fetched.get(filename) ?? [];
  fetched.set(filename, all);
  all.push(outcome);
  if (all.length < settings.devices) return;
  fetched.delete(filename);
  say(roundOf(filename, all));
}

function roundOf(filename: string, all: readonly Fetched[]): HerdRound {
  const took = all.map(({ ms }) => ms);
  const byStatus = Object.groupBy(all, ({ status }) => status);
  const statuses = Object.fromEntries(
    Object.entries(byStatus).map(([status, each]) => [status, each?.length ?? 0]),
  );
  return {
    filename,
    statuses,
    p50Ms: percentile(50, took),
    p99Ms: percentile(99, took),
    maxMs: Math.max(...took),
  };
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
