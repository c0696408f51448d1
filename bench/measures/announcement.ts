import { macs, percentile } from "../../test/support/load.ts";
import { openRaw, type RawConnection } from "../../test/support/raw-http.ts";
import { contentOf } from "../load/content.ts";
import { startMeasured } from "../load/service.ts";
import { clockMs, startSubscriber } from "../load/subscriber.ts";
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
      const before = subscriber.arrivals.length;
      const saves = await saveInTurn(connection, macs(announced));
      await subscriber.arrived(before + announced, ARRIVED_WITHIN_MS);
      const arrivedAt = new Map(
        subscriber.arrivals.slice(before).map(({ filename, atMs }) => [filename, atMs]),
      );
      const answers = saves.map(({ sentAtMs, answeredAtMs }) => answeredAtMs - sentAtMs);
      const arrivals = saves.map(
        ({ mac, sentAtMs }) => (arrivedAt.get(`${mac}.json`) ?? Number.NaN) - sentAtMs,
      );
      return {
        p50: { ours: percentile(50, arrivals), peer: percentile(50, answers) },
        p99: { ours: percentile(99, arrivals), peer: percentile(99, answers) },
      };
    };
  },
};

type TimedSave = { readonly mac: string; readonly sentAtMs: number; readonly answeredAtMs: number };

/** One save after another, each of another config, over a connection that stays. */
async function saveInTurn(connection: RawConnection, files: readonly string[]): Promise<TimedSave[]> {
  const saves: TimedSave[] = [];
  for (const [number, mac] of files.entries()) {
    const body = `{"content":${contentOf(number)}}`;
    const head = `PUT /api/configs/${mac} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json`;
    const request = `${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const sentAtMs = clockMs();
    await connection.send(request);
    const { status } = await connection.response();
    if (status !== 200) throw new Error(`a save was answered ${status}`);
    saves.push({ mac, sentAtMs, answeredAtMs: clockMs() });
  }
  return saves;
}

function row(what: string, must: number, aim: number): Row {
  return { what, against: "the same save's own answer", unit: "ms", goal: { better: "less", must, aim } };
}
