// `npm run simulate`: devices that are not there, against a service that is. docs/simulate.md tells how.
import type { KeyObject } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { runCommand, Stop, say } from "../scripts/cli.mjs";
import { type Arguments, readArguments, USAGE } from "./arguments.ts";
import { comparisonOf, differences } from "./comparison.ts";
import { curveOf } from "./curve.ts";
import { Fleet } from "./fleet.ts";
import { LiveLine } from "./live-line.ts";
import { readSigningKey, saveConfigs, uploadFirmware } from "./make.ts";
import { expectBroker, expectFiles } from "./prerequisites.ts";
import { Random } from "./random.ts";
import { ServiceView } from "./service-view.ts";
import { drawDevices, macPrefix, type Rhythm } from "./traits.ts";
import { type Look, Watch } from "./watch.ts";

/** Quicker than real devices, so that one can watch them. */
const RHYTHM: Rhythm = { lookEveryMs: [8_000, 30_000], spreadMs: 4_000, restartMs: 1_500 };
const LOOK_EVERY_MS = 500;
/** What is seen of devices is kept once a second. */
const AGREED_WITHIN_MS = 3_000;
const CONNECTED_WITHIN_MS = 60_000;

await runCommand(async () => {
  const given = readArguments(process.argv.slice(2), process.env);
  if (given.help) {
    say(USAGE);
    return 0;
  }
  const view = new ServiceView(given.url);
  await view.expectThere();
  await expectBroker(given.broker);
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  await simulate(given, view, stop.signal);
  return 0;
});

async function simulate(given: Arguments, view: ServiceView, stop: AbortSignal): Promise<void> {
  const { devices, firmware, seed, broker, url } = given;
  const random = new Random(seed);
  const traits = drawDevices(devices, given.shares, RHYTHM, random);
  const macs = traits.map(({ mac }) => mac);
  const key = given.make ? readSigningKey(given.signingKeyPath) : null;
  if (key !== null) await saveConfigs(url, macs, await makeFirmware(given, view, key));
  await expectFiles(view, firmware, macs, macPrefix(seed));

  const chip = await view.chipOf(firmware);
  const fleet = new Fleet(traits, { url, broker, firmware, chip, rhythm: RHYTHM, random, powerCut: stop });
  const live = new LiveLine(process.stdout, () => performance.now());
  say(`${devices} devices against ${url}, seed ${seed}. Ctrl-C ends them.`);
  try {
    await atMost(CONNECTED_WITHIN_MS, fleet.start(), stop);
    let watch = new Watch(fleet, view, firmware, macPrefix(seed), Date.now());
    if (key !== null) {
      await untilSettled({ ...given, stay: false }, watch, live, "first", stop);
      if (!stop.aborted) {
        const changedAt = Date.now();
        const revision = await makeFirmware(given, view, key);
        watch = new Watch(fleet, view, firmware, macPrefix(seed), changedAt);
        // Some have the first of it before the last of it is made.
        const made = saveConfigs(url, macs, revision);
        await Promise.all([made, untilSettled(given, watch, live, "newest", stop, made)]);
      }
    } else {
      await untilSettled(given, watch, live, "newest", stop);
    }
    const isDeaf = fleet.heard === 0 && key !== null && !stop.aborted;
    await fleet.stop();
    await tell(given, watch);
    if (isDeaf) say("\nNo device heard an announcement: may their account read iotsupport/updates/#?");
  } finally {
    live.end();
    await fleet.stop();
  }
}

/** Waits for it, but not for ever, and not once we are stopped. */
async function atMost(ms: number, promise: Promise<void>, stop: AbortSignal): Promise<void> {
  const waiting = new AbortController();
  const late = pause(ms, undefined, { signal: AbortSignal.any([stop, waiting.signal]) }).catch(() => {});
  await Promise.race([promise, late]);
  waiting.abort();
}

/** Uploads the next revision of the firmware, and answers which that is. */
async function makeFirmware(
  { url, firmware }: Arguments,
  view: ServiceView,
  key: KeyObject,
): Promise<number> {
  const revision = ((await view.newest(firmware))?.revision ?? 0) + 1;
  await uploadFirmware(url, firmware, `1.0.${revision}`, key);
  return revision;
}

/** Also until it takes too long, or is stopped; in no case before all is `made` that there is to take. */
async function untilSettled(
  { minutes, devices, stay }: Arguments,
  watch: Watch,
  live: LiveLine,
  revision: string,
  stop: AbortSignal,
  made: Promise<void> = Promise.resolve(),
): Promise<void> {
  const until = performance.now() + minutes * 60_000;
  let isMade = false;
  made.then(
    () => {
      isMade = true;
    },
    () => {}, // Whoever made it is told.
  );
  while (!stop.aborted && (performance.now() < until || stay)) {
    const look = await watch.look();
    const isOver = look.isSettled && isMade;
    live.write(watch.seconds, lineOf(look, devices, isOver ? "all caught up" : `${revision} revision`));
    if (isOver && !stay) break;
    await pause(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => {}); // Stopped: the loop sees it.
  }
  live.end();
}

function lineOf({ devices, service }: Look, all: number, how: string): string {
  const by = (file: "firmware" | "config") =>
    `${devices[file].newest}/${all} (service ${service?.[file].newest ?? "?"})`;
  return `${how}: firmware ${by("firmware")}, configs ${by("config")}`;
}

/** How it went, once both had the time to see the same. */
async function tell({ firmware, devices }: Arguments, watch: Watch): Promise<void> {
  const until = performance.now() + AGREED_WITHIN_MS;
  const samples = [...watch.samples];
  let look = await watch.look();
  while (!agrees(look) && performance.now() < until) {
    await pause(LOOK_EVERY_MS);
    look = await watch.look();
  }
  say(`\n${firmware}: who has the newest revision\n\n${curveOf(samples, devices)}`);
  const { service } = look;
  if (service === null)
    throw new Stop("The service does not answer any more: what it says of this is not known.");
  const { p50, p90, p99 } = service.convergence.seconds_to;
  const seconds = (each: number | null) => (each === null ? "-" : `${each.toFixed(1)} s`);
  say(
    `\nfrom the change to the whole of it: half ${seconds(p50)}, 90 % ${seconds(p90)}, 99 % ${seconds(p99)}`,
  );
  for (const file of ["firmware", "config"] as const) {
    say(`\n${file}\n${comparisonOf(look.devices[file].words, service[file].words)}`);
  }
}

function agrees({ devices, service }: Look): boolean {
  if (service === null) return false;
  return (["firmware", "config"] as const).every(
    (file) => differences(devices[file].words, service[file].words).length === 0,
  );
}
