import { join } from "node:path";
import type { AnnouncementWatcher } from "../../support/announcement-watcher.ts";
import { startBroker, type TestBroker } from "../../support/broker.ts";
import { freePort } from "../../support/free-port.ts";
import { HistoryLog, type LoggedClient } from "../../support/history/index.ts";
import { type Link, startLink } from "../../support/link.ts";
import { ServiceClient } from "../../support/service-client.ts";
import {
  type Environment,
  environment,
  type ServiceProcess,
  startServiceProcess,
} from "../../support/service-process.ts";
import { tempDir } from "../../support/temp-dir.ts";

/** A service and its broker, with a link between them and somebody who hears: all that can fail, and be made well. */
export class World implements AsyncDisposable {
  /** Of the chapter that is on. */
  log = new HistoryLog();

  constructor(
    readonly broker: TestBroker,
    readonly link: Link,
    readonly announced: AnnouncementWatcher,
    /** Where the service is found, whichever process it is. */
    readonly client: ServiceClient,
    public service: ServiceProcess,
    private readonly env: Environment,
    private readonly running: AsyncDisposableStack,
  ) {}

  /** Clients whose requests are in the history of the chapter. */
  get logged(): LoggedClient {
    return this.log.through(this.client);
  }

  /** Ends the service as a power cut does, and starts it anew after a while. */
  async restartAfter(ms: number): Promise<void> {
    await this.service.kill();
    this.log.ended();
    await Bun.sleep(ms);
    this.service = await startServiceProcess(this.env);
  }

  /** Begins a chapter of its own, with nothing there of the one before. */
  async clear(): Promise<void> {
    const paths = [
      ...(await this.client.listConfigs()).map((mac) => `/api/configs/${mac}`),
      ...(await this.client.listAssets()).map((name) => `/api/assets/${name}`),
    ];
    for (const path of paths) await this.client.request("DELETE", path);
    await this.announced.upToNow();
    this.log = new HistoryLog();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service[Symbol.asyncDispose]();
    await this.running.disposeAsync();
  }
}

export async function startWorld(): Promise<World> {
  await using starting = new AsyncDisposableStack();
  const dir = starting.use(await tempDir());
  const broker = starting.use(await startBroker());
  const announced = starting.use(await broker.subscribe("iotsupport/updates/#"));
  const link = starting.use(await startLink(broker));
  const port = await freePort();
  const limits = { UPLOAD_STALL_SECONDS: "5" };
  const env = { ...environment(join(dir.path, "data"), link.mqtt), ...limits, PORT: String(port) };
  const service = await startServiceProcess(env);
  const client = new ServiceClient(service.url);
  return new World(broker, link, announced, client, service, env, starting.move());
}
