import { macs, percentile } from "../../test/support/load.ts";
import { openRaw, type RawConnection } from "../../test/support/raw-http.ts";
import { contentOf } from "../load/content.ts";
import { startMeasured } from "../load/service.ts";
import { clockMs, type Subscriber, startSubscriber } from "../load/subscriber.ts";
import type { Measure, Row } from "../measure.ts";

const ARRIVED_WITHIN_MS = 10_000;

/** How long after a save a subscriber knows of it, and how long the save's own answer took. */
export const announcement: Measure = {
  name: "announcement",
  needs: ["mosquitto", "mosquitto-clients"],
  rows: {
    p50: row("save → independent subscriber, p50", 1.5, 1.1),
    p99: row("save → independent subscriber, p99", 2, 1.3),
  },
  async prepare({ announced }, running) {
    const { service, broker } = await startMeasured(running);
    const subscriber = await startSubscriber(broker, running);
    const connection = running.use(await openRaw(service.url));
    return async () => {
      const saves = await saveInTurn(connection, subscriber, macs(announced));
      const arrivals = saves.map(({ sentAtMs, arrivedAtMs }) => arrivedAtMs - sentAtMs);
      const answers = saves.map(({ sentAtMs, answeredAtMs }) => answeredAtMs - sentAtMs);
      return {
        p50: { ours: percentile(50, arrivals), peer: percentile(50, answers) },
        p99: { ours: percentile(99, arrivals), peer: percentile(99, answers) },
      };
    };
  },
};

type TimedSave = { readonly sentAtMs: number; readonly answeredAtMs: number; readonly arrivedAtMs: number };

/** One save after another, each of another config, once the one before was answered and announced. */
async function saveInTurn(
  connection: RawConnection,
  subscriber: Subscriber,
  files: readonly string[],
): Promise<TimedSave[]> {
  const saves: TimedSave[] = [];
  for (const [number, mac] of files.entries()) {
    const arrival = subscriber.arrivals.length;
    const request = saveOf(mac, number);
    const sentAtMs = clockMs();
    await connection.send(request);
    const { status } = await connection.response();
    const answeredAtMs = clockMs();
    if (status !== 200) throw new Error(`a save was answered ${status}`);
    await subscriber.arrived(arrival + 1, ARRIVED_WITHIN_MS);
    const { filename = "", atMs = Number.NaN } = subscriber.arrivals[arrival] ?? {};
    if (filename !== `${mac}.json`) throw new Error(`${mac} was saved, and ${filename} announced`);
    saves.push({ sentAtMs, answeredAtMs, arrivedAtMs: atMs });
  }
  return saves;
}

function saveOf(mac: string, number: number): string {
  const body = `{"content":${contentOf(number)}}`;
  const head = [
    `PUT /api/configs/${mac} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
  ];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}

function row(what: string, must: number, aim: number): Row {
  return { what, against: "the same save's own answer", unit: "ms", goal: { better: "less", must, aim } };
}
