import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import { DEVICE_ACCOUNT, SERVICE_ACCOUNT, writeBrokerFiles } from "../../scripts/broker-files.mjs";
import { prepareMosquitto } from "../../scripts/programs.mjs";
import { type AnnouncementWatcher, startWatcher } from "./announcement-watcher.ts";
import { within } from "./deadline.ts";
import { freePort } from "./free-port.ts";
import { Lines } from "./lines.ts";
import { type TempDir, tempDir } from "./temp-dir.ts";

type Account = { readonly username: string; readonly password: string };
export type BrokerSettings = Account & { readonly url: string };

export type BrokerOptions = {
  /** How many publishes the broker takes before it has acknowledged the first: its Receive Maximum. */
  readonly receiveMaximum?: number;
  /** Further accounts, for `subscribeAs`. */
  readonly accounts?: readonly string[];
};

/** Publishes what only the tests send, and hears everything. */
const MARKER: Account = { username: "marker", password: "marker-secret" };
const DEVICE: Account = { username: DEVICE_ACCOUNT, password: "device-secret" };
const PROJECT_ACL = join(import.meta.dir, "../../mosquitto/acl");
const MAY_PUBLISH = "topic write iotsupport/updates/#";
const MAY_SHOW_HOME_ASSISTANT = "topic write homeassistant/update/#\ntopic write iotsupport/ha/#\n";
const MAY_PUBLISH_TO_DEVICES = "topic write iotsupport/devices/+/updates\n";
const STARTED_WITHIN_MS = 5_000;
const STOPPED_WITHIN_MS = 5_000;

/**
 * A Mosquitto of its own on a free loopback port, with the project's settings, accounts and access control. It says what
 * happens to it in `log`.
 */
export class TestBroker implements AsyncDisposable {
  readonly log = new Lines();
  readonly #watchers = new Set<AnnouncementWatcher>();
  #process: Bun.Subprocess<"ignore", "ignore", "pipe"> | null = null;
  #password = "service-secret";

  constructor(
    private readonly port: number,
    private readonly dir: TempDir,
    private readonly options: BrokerOptions,
  ) {}

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** What the service is given to connect with. */
  get mqtt(): BrokerSettings {
    return { url: this.url, username: SERVICE_ACCOUNT, password: this.#password };
  }

  /** What a device is given. */
  get device(): BrokerSettings {
    return { url: this.url, ...DEVICE };
  }

  /** An account with the right to hear everything. */
  get mayHearAll(): Account {
    return MARKER;
  }

  get pid(): number {
    if (this.#process === null) throw new Error("Mosquitto does not run");
    return this.#process.pid;
  }

  /** What one of the further accounts connects with. */
  as(username: string): BrokerSettings {
    return { url: this.url, username, password: passwordOf(username) };
  }

  async start(): Promise<void> {
    this.#writeFiles(this.#password);
    await this.#allow("#");
    await this.#run();
  }

  /** An independent subscriber with the account that all devices share, told of every message that the broker takes on `topic` from now on. */
  subscribe(topic: string): Promise<AnnouncementWatcher> {
    return this.#watch(DEVICE, topic);
  }

  /** The same with an account of its own, which may read what mosquitto/acl says of such a name. */
  subscribeAs(username: string, topic: string): Promise<AnnouncementWatcher> {
    return this.#watch({ username, password: passwordOf(username) }, topic);
  }

  /** The same, with the right to hear everything. */
  overhear(topic: string): Promise<AnnouncementWatcher> {
    return this.#watch(MARKER, topic);
  }

  async #watch(account: Account, topic: string): Promise<AnnouncementWatcher> {
    const mark = (to: string, payload: string) => this.#publish(to, payload);
    const watcher = await startWatcher(this.url, account, topic, mark);
    this.#watchers.add(watcher);
    return watcher;
  }

  /** Ends it as a power cut does: nothing is said to anyone, what it kept in memory is lost. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Ends it in order: sessions and what waits for them are on disk. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /**
   * On the same port, after `kill()` and `stop()` too; `empty` forgets all sessions. Resolved once each watcher is
   * subscribed again: put a link before the service where it must not be faster.
   */
  async restart({ empty = false } = {}): Promise<void> {
    await this.stop();
    if (empty) await rm(this.#path("mosquitto.db"), { force: true });
    const before = [...this.#watchers].map((each) => [each, each.subscriptions] as const);
    await this.#run();
    await Promise.all(before.map(([watcher, subscriptions]) => watcher.subscribedAgain(subscriptions)));
  }

  /** Hangs it: connections stay open, new ones are taken by the kernel, nothing is answered. */
  freeze(): void {
    this.#process?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#process?.kill("SIGCONT");
  }

  /** The service's password from now on; `broker.mqtt` still has the one before. Who is connected is sent away. */
  async changePassword(password: string): Promise<void> {
    this.#writeFiles(password);
    await this.#allow("#");
    await this.#reload();
  }

  /** Of the shared topics the service may publish to `iotsupport/updates/<topics>` alone: the rest is refused with 135. */
  async allowTopics(...topics: readonly string[]): Promise<void> {
    await this.#allow(...topics);
    await this.#reload();
  }

  /** The service may not publish to the devices' own topics, until `allowTopics`. */
  async refuseDeviceTopics(): Promise<void> {
    await this.#allow("#");
    const acl = await readFile(this.#path("acl"), "utf8");
    await writeFile(this.#path("acl"), acl.replace(MAY_PUBLISH_TO_DEVICES, ""));
    await this.#reload();
  }

  /** The service may not publish what Home Assistant is shown, until `allowTopics`. */
  async refuseHomeAssistant(): Promise<void> {
    await this.#allow("#");
    const acl = await readFile(this.#path("acl"), "utf8");
    await writeFile(this.#path("acl"), acl.replace(MAY_SHOW_HOME_ASSISTANT, ""));
    await this.#reload();
  }

  /** Connections that the service's account made so far. */
  get connectionsOfService(): string[] {
    return this.log.matching(/New client connected .* u'iotsupport'/);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#watchers].map((each) => each[Symbol.asyncDispose]()));
    await this.#end("SIGKILL");
    await this.dir[Symbol.asyncDispose]();
  }

  async #run(): Promise<void> {
    const before = this.log.all.length;
    const program = prepareMosquitto();
    this.#process = Bun.spawn([program, "-c", "mosquitto.conf"], {
      cwd: this.dir.path,
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    void this.log.read(this.#process.stderr);
    await this.log.line(/mosquitto version .* running/, before, STARTED_WITHIN_MS);
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const running = this.#process;
    if (running === null) return;
    this.#process = null;
    running.kill(signal);
    running.kill("SIGCONT"); // One that is frozen could not follow.
    await within(STOPPED_WITHIN_MS, `the end of Mosquitto after ${signal}`, running.exited);
  }

  async #reload(): Promise<void> {
    const before = this.log.all.length;
    this.#process?.kill("SIGHUP");
    await this.log.line(/Reloading config/, before);
  }

  #writeFiles(password: string): void {
    const { receiveMaximum, accounts = [] } = this.options;
    const settings = [
      `listener ${this.port} 127.0.0.1`,
      "log_type information",
      "log_type subscribe",
      ...(receiveMaximum === undefined ? [] : [`max_inflight_messages ${receiveMaximum}`]),
    ];
    const others = [DEVICE, MARKER].map((account) => [account.username, account.password] as const);
    const passwords = Object.fromEntries([
      [SERVICE_ACCOUNT, password],
      ...others,
      ...accounts.map((account) => [account, passwordOf(account)]),
    ]);
    writeBrokerFiles(this.dir.path, { listener: settings.join("\n"), passwords });
  }

  async #allow(...topics: readonly string[]): Promise<void> {
    const allowed = topics.map((topic) => MAY_PUBLISH.replace("#", topic)).join("\n");
    const [before, after] = (await readFile(PROJECT_ACL, "utf8")).split(MAY_PUBLISH);
    if (after === undefined) throw new Error(`${PROJECT_ACL} has no line "${MAY_PUBLISH}"`);
    const marker = `user ${MARKER.username}\ntopic readwrite #\n`;
    await writeFile(this.#path("acl"), `${before}${allowed}${after}\n${marker}`);
  }

  async #publish(topic: string, payload: string): Promise<void> {
    const client = await connectAsync(this.url, { ...MARKER, protocolVersion: 5 });
    await client.publishAsync(topic, payload, { qos: 1 });
    await client.endAsync();
  }

  #path(name: string): string {
    return join(this.dir.path, name);
  }
}

function passwordOf(account: string): string {
  return `secret of ${account}`;
}

export async function startBroker(options: BrokerOptions = {}): Promise<TestBroker> {
  const broker = new TestBroker(await freePort(), await tempDir(), options);
  await broker.start();
  return broker;
}
