import { join } from "node:path";
import { pino } from "pino";
import { type Service, startService } from "../../src/service.ts";
import type { Settings } from "../../src/settings.ts";
import { signingKey } from "./keys.ts";
import { Lines } from "./lines.ts";
import { ServiceClient } from "./service-client.ts";
import { tempDir } from "./temp-dir.ts";

/** The service in this process, with its settings and clock in the test's hands. */
export class TestService extends ServiceClient implements AsyncDisposable {
  constructor(
    readonly settings: Settings,
    readonly log: Lines,
    private readonly service: Service,
    private readonly running: AsyncDisposableStack,
  ) {
    super(service.url);
  }

  /** Rejects nothing: resolved with what went wrong, if ever it does. */
  get failed(): Promise<Error> {
    return this.service.failed;
  }

  /** Its log's lines, read. */
  get logged(): readonly Readonly<Record<string, unknown>>[] {
    return this.log.all.map((line) => JSON.parse(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running.disposeAsync();
  }
}

/**
 * Starts a service on a port that the system chose, without MQTT unless it is given, and with uploads signed by
 * `signingKey()`. Its data is gone with it; hand in a `dataDir` to keep it over a restart.
 */
export async function startTestService(
  settings: Partial<Settings> = {},
  now: () => Date = () => new Date(),
): Promise<TestService> {
  await using starting = new AsyncDisposableStack();
  const dataDir = settings.dataDir ?? join(starting.use(await tempDir()).path, "data");
  const whole: Settings = { ...defaults(), ...settings, dataDir };
  const log = new Lines();
  const service = starting.use(
    await startService(whole, now, pino({ level: whole.logLevel }, { write: (line) => log.write(line) })),
  );
  return new TestService(whole, log, service, starting.move());
}

/** The contract's defaults, apart from where they would meet another service. */
function defaults(): Omit<Settings, "dataDir"> {
  return {
    host: "127.0.0.1",
    port: 0,
    signingKeyPath: signingKey().privateKeyPath,
    timestampToleranceSeconds: 300,
    maxConfigBytes: 256 * 1024,
    maxAssetBytes: 1024 ** 3,
    mqtt: null,
    uploadStallSeconds: 30,
    uploadMaxSeconds: 21_600,
    maxUploads: 16,
    corsOrigins: [],
    publicUrl: null,
    allowedHosts: [],
    drainSeconds: 0,
    logLevel: "debug",
  };
}
