import { join } from "node:path";
import { pino } from "pino";
import { type Service, startService } from "../../src/service.ts";
import type { Settings } from "../../src/settings.ts";
import { type Document, Documented } from "./documented.ts";
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

  /** As any client does; and nothing may be answered that the service's own document does not tell of. */
  override async request(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    const response = await super.request(method, path, init);
    const { status, headers } = response;
    const documented = await documentedOnce();
    await documented.check({ method, path }, { status, headers, text: () => response.clone().text() });
    return response;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running.disposeAsync();
  }
}

let documented: Promise<Documented> | null = null;

/** What the service says of itself, read once. */
export function documentedOnce(): Promise<Documented> {
  documented ??= readDocument();
  return documented;
}

async function readDocument(): Promise<Documented> {
  await using service = await startTestService();
  const response = await fetch(`${service.url}/api/openapi.json`);
  return new Documented((await response.json()) as Document);
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
    keepRevisions: 20,
    resumeWindowSeconds: 604_800,
    maxUnknownDevices: 1_000,
    deviceTopics: "off",
    reannounces: false,
    homeAssistant: false,
    homeAssistantPrefix: "homeassistant",
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
