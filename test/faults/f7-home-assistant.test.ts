import { expect } from "bun:test";
import { HOME_ASSISTANT, type HomeAssistant, startHomeAssistant } from "../home-assistant/stand-in.ts";
import { startBroker, type TestBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { type Link, startLink } from "../support/link.ts";
import { row } from "../support/row.ts";
import {
  type Environment,
  environment,
  type ServiceProcess,
  startServiceProcess,
} from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";

const MACS = ["aa-bb-cc-dd-ee-01", "aa-bb-cc-dd-ee-02"] as const;
const AT_REST_MS = 20_000;
/** The service looks at what changed every half second. */
const TWO_LOOKS_MS = 1_000;
const PAUSES_MS = [0, 20, 100, TWO_LOOKS_MS] as const;

row(
  "F7",
  "whatever is killed or cut, Home Assistant is shown in the end each config that there is, and none that is gone",
  { rounds: { test: 3, full: 120 } },
  async ({ rounds, random, did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker({ accounts: [HOME_ASSISTANT] });
    await using link = await startLink(broker);
    const env = { ...environment(`${dir.path}/data`, link.mqtt), HOME_ASSISTANT: "on" };
    const revisions = new Map<string, number>();
    const running = { service: await startServiceProcess(env), broker, link, env };
    try {
      for (let round = 0; round < rounds; round++) {
        const changes = random.int(1, 6);
        for (let change = 0; change < changes; change++) {
          await changeAnyhow(running.service, random.pick(MACS), random.int(0, 4), revisions);
          did("changes");
          if (random.int(0, 2) === 0) {
            const [what, cause] = random.pick(faults);
            await cause(running);
            did(what);
          } else await Bun.sleep(random.pick(PAUSES_MS)); // The moment is the fault: any will do.
        }
        await link.restore();
        await expectShown(broker, revisions);
      }
    } finally {
      await running.service.kill();
    }
  },
);

interface Running {
  service: ServiceProcess;
  readonly broker: TestBroker;
  readonly link: Link;
  readonly env: Environment;
}

type Fault = readonly [what: string, cause: (running: Running) => Promise<void>];

const faults: readonly [Fault, ...Fault[]] = [
  ["kills of the service", killService],
  ["kills of the broker", killBroker],
  ["stops of the broker", ({ broker }) => broker.restart()],
  ["losses of all that the broker had", ({ broker }) => broker.restart({ empty: true })],
  ["broker's writes to its disk", async ({ broker }) => void process.kill(broker.pid, "SIGUSR1")],
  ["kills of a service that waits for PUBACKs", killWaiting],
  ["cuts of the connection", ({ link }) => link.cut()],
  ["connections made again", ({ link }) => link.restore()],
  ["starts of Home Assistant", startAnother],
];

async function killService(running: Running): Promise<void> {
  await running.service.kill();
  running.service = await startServiceProcess(running.env);
}

/** The broker has what it was sent, and nobody knows. */
async function killWaiting(running: Running): Promise<void> {
  const isHeld = running.link.holdPubacks();
  await Promise.race([isHeld, Bun.sleep(TWO_LOOKS_MS)]); // It may have nothing to send.
  await running.service.kill();
  running.link.letPubacksThrough();
  running.service = await startServiceProcess(running.env);
}

async function killBroker({ broker }: Running): Promise<void> {
  await broker.kill();
  await broker.restart();
}

async function startAnother({ broker }: Running): Promise<void> {
  await using homeAssistant = await startHomeAssistant(broker);
  await homeAssistant.sayBirth();
}

/** Saves it, deletes it, or deletes it and has the device forgotten. `revisions` are those of the configs that there are. */
async function changeAnyhow(
  service: ServiceProcess,
  mac: string,
  kind: number,
  revisions: Map<string, number>,
): Promise<void> {
  if (kind < 2) {
    revisions.set(mac, (await service.saveConfig(mac, {})).revision);
    return;
  }
  await service.request("DELETE", `/api/configs/${mac}`);
  if (kind === 3) await service.request("DELETE", `/api/devices/${mac}`);
  revisions.delete(mac);
}

/** To one that starts now: what there is comes to it as the broker has retained it, and nothing besides. */
async function expectShown(broker: TestBroker, revisions: ReadonlyMap<string, number>): Promise<void> {
  const expected = [...revisions].map(([mac, revision]) => `${idOf(mac)} ${revision}`).toSorted();
  await using homeAssistant = await startHomeAssistant(broker);
  const isShown = () => shownBy(homeAssistant).join() === expected.join();
  await until("all that there is is shown", isShown, AT_REST_MS).catch(() => {});
  expect(shownBy(homeAssistant)).toEqual(expected);
  expect(homeAssistant.violations).toEqual([]);
}

function shownBy(homeAssistant: HomeAssistant): string[] {
  return homeAssistant.uniqueIds.map((id) => `${id} ${homeAssistant.entity(id).state.latest_version}`);
}

function idOf(mac: string): string {
  return `iotsupport_${mac.replaceAll("-", "")}_config`;
}
