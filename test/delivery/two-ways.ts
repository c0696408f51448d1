import { pino } from "pino";
import { parseFileName } from "../../src/assets/index.ts";
import type { Blobs } from "../../src/blobs/index.ts";
import { parseMac } from "../../src/configs/index.ts";
import { type Audience, Delivery, deliveryRoutes, shortWay } from "../../src/delivery/index.ts";
import { createApp, type ShortWay, serve } from "../../src/http/index.ts";
import { createMetrics } from "../../src/ops/index.ts";
import type { Store } from "../../src/store/index.ts";
import { Lines } from "../support/lines.ts";
import { openRaw } from "../support/raw-http.ts";

export const UI = "https://ui.example";
const RULES = { corsOrigins: [UI], publicUrl: null, allowedHosts: [] };
const ID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g;

/** A listener with the short way, or without it, and what it leaves behind of its requests. */
export class Way implements AsyncDisposable {
  readonly #log = new Lines();
  readonly #metrics = createMetrics("test");
  readonly #server: ReturnType<typeof serve>;
  /** How many requests were answered past the app. */
  taken = 0;

  constructor(store: Store, blobs: Blobs, isShort: boolean) {
    const log = pino({ level: "debug", base: null }, { write: (line) => this.#log.write(line) });
    const delivery = new Delivery(store, blobs, nobody, {
      windowMs: 604_800_000,
      macIn: () => null,
      now: () => new Date(),
    });
    const routes = deliveryRoutes(delivery, { parseMac, parseFileName });
    const app = createApp([routes], RULES, this.#metrics, log, () => new Date());
    const way = isShort
      ? this.#counting(shortWay(delivery, RULES.corsOrigins, this.#metrics, log))
      : longWayOnly;
    this.#server = serve(app, way, "127.0.0.1", 0, log);
  }

  /** The answer, without what no two answers have in common. */
  async ask(request: string) {
    using connection = await openRaw(this.#server.url);
    await connection.send(Buffer.from(request, "latin1"));
    const { status, headers, body } = await connection.response({ toHead: request.startsWith("HEAD ") });
    const kept = [...headers]
      .filter(([name]) => name !== "date")
      .map(([name, value]) => [name, unnamed(value)] as const);
    return {
      status,
      headers: new Map(kept.toSorted()),
      body: unnamed(body.toString("latin1")),
    };
  }

  /** The log's lines, without times and ids. */
  get logged(): readonly string[] {
    return this.#log.all.map((line) => unnamed(JSON.stringify({ ...JSON.parse(line), time: 0, ms: 0 })));
  }

  /** How many answers were measured, by their labels. */
  async measured(): Promise<readonly string[]> {
    const lines = (await this.#metrics.registry.metrics()).split("\n");
    return lines.filter((line) => line.startsWith("iot_http_request_duration_seconds_count")).toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
  }

  #counting(way: ShortWay): ShortWay {
    return (request, listener, longWay) => {
      this.taken += 1;
      return way(request, listener, () => {
        this.taken -= 1;
        return longWay();
      });
    };
  }
}

const longWayOnly: ShortWay = (_request, _listener, longWay) => longWay();

const nobody: Audience = { answered: () => {}, missed: () => {} };

function unnamed(text: string): string {
  return text.replaceAll(ID, "an id");
}
