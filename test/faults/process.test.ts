import { expect, test } from "bun:test";
import { randomBytes, randomInt } from "node:crypto";
import { join } from "node:path";
import type { AnnouncementWatcher, Message } from "../support/announcement-watcher.ts";
import { startBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { type Found, type Sent, violations } from "../support/history.ts";
import { startLink } from "../support/link.ts";
import { atOnce, macs } from "../support/load.ts";
import { openRaw } from "../support/raw-http.ts";
import type { ServiceClient } from "../support/service-client.ts";
import { environment, failToStart, startServiceProcess } from "../support/service-process.ts";
import { signedForm, uploadHead } from "../support/signed-form.ts";
import { tempDir } from "../support/temp-dir.ts";

const ROUNDS = 5;
const WRITERS = 8;
const FILES_PER_WRITER = 5;
/** The listener's 5 s for half-sent heads, and some for the rest. */
const STOPPED_WITHIN_MS = 8_000;
const UPDATES = "iotsupport/updates/#";

test("fault R1 kill -9 under load loses nothing that was answered, and announces it after the restart", async () => {
  await using dir = await tempDir();
  await using broker = await startBroker();
  await using announced = await broker.subscribe(UPDATES);
  const env = environment(join(dir.path, "data"), broker.mqtt);
  const sent: Sent[] = [];
  const heard: Message[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await using service = await startServiceProcess(env);
    await expectToHold(service, sent, announced, heard);
    const load = writeUntilKilled(service, sent);
    await Bun.sleep(randomInt(100, 400)); // The moment is the fault: any will do.
    await service.kill();
    await load;
  }
  await using service = await startServiceProcess(env);
  await expectToHold(service, sent, announced, heard);
  expect(sent.filter(({ revision }) => revision !== null).length).toBeGreaterThan(ROUNDS * WRITERS);
}, 60_000);

test("fault R9 SIGTERM under load finishes what was begun, announces it, says DISCONNECT and ends with 0", async () => {
  await using dir = await tempDir();
  await using broker = await startBroker();
  await using announced = await broker.subscribe(UPDATES);
  const env = environment(join(dir.path, "data"), broker.mqtt);
  const sent: Sent[] = [];
  {
    await using service = await startServiceProcess(env);
    using halfSent = await openRaw(service.url);
    await halfSent.send("GET /api/configs HTTP/1.1\r\nHost: half");
    using upload = await openRaw(service.url);
    const form = signedForm("begun.bin", randomBytes(100_000));
    const [begin, rest] = halves(form);
    await upload.send(uploadHead(form.length));
    await upload.send(begin);
    const load = writeUntilKilled(service, sent);
    await until("saves are answered", () => sent.some(({ revision }) => revision !== null));
    service.signal("SIGTERM");
    await until("no new connection is taken", () => isRefused(service.url));
    await upload.send(rest);
    expect((await upload.response()).status).toBe(200);
    expect(await service.exited(STOPPED_WITHIN_MS)).toBe(0);
    await load;
  }
  expect(await broker.log.line(/Client iotsupport\S+ disconnected/)).not.toContain("closed its connection");
  const heard = await announced.upToNow();
  expect(heard.map(({ payload }) => payload)).toContain(`{"filename":"begun.bin"}`);

  await using service = await startServiceProcess(environment(join(dir.path, "data")));
  const found = await filesOf(service);
  const announcedBefore = heard.map(fileOf).filter(({ file }) => file !== "assets/begun.bin");
  expect(violations(sent, withoutFile(found, "assets/begun.bin"), announcedBefore)).toEqual([]);
}, 30_000);

test("fault R9 what waits at SIGTERM is announced before the end", async () => {
  await using dir = await tempDir();
  await using broker = await startBroker();
  await using announced = await broker.subscribe(UPDATES);
  await using link = await startLink(broker);
  await using service = await startServiceProcess(environment(join(dir.path, "data"), link.mqtt));
  const files = macs(50);
  await until("the broker is there", async () => (await service.health()).mqtt === "connected");
  link.goDeaf();
  await atOnce(8, files, (mac) => service.saveConfig(mac, {}));
  service.signal("SIGTERM");
  await service.log.line(/"msg":"stopping"/);
  await link.restore();
  expect(await service.exited(STOPPED_WITHIN_MS)).toBe(0);
  const heard = new Set((await announced.upToNow()).map(({ payload }) => payload));
  expect(heard.size).toBe(files.length);
});

test("fault R11 a second service on one data directory ends with one message, and the first notices nothing", async () => {
  await using dir = await tempDir();
  const env = environment(join(dir.path, "data"));
  await using first = await startServiceProcess(env);
  const [mac = ""] = macs(1);
  await first.saveConfig(mac, { from: "the first" });
  const second = await failToStart(env);
  expect(second.exitCode).toBe(1);
  expect(second.log.all).toHaveLength(1);
  expect(second.log.all[0]).toMatch(/another service/);
  await first.saveConfig(mac, { from: "the first, again" });
  await first.kill();
  await using third = await startServiceProcess(env);
  expect((await third.fetchConfig(mac)).text).toBe(`{"from":"the first, again"}`);
});

/** Eight writers of configs and one uploader, each with files of its own, until the service answers no more. */
async function writeUntilKilled(service: ServiceClient, sent: Sent[]): Promise<void> {
  const all = macs(WRITERS * FILES_PER_WRITER);
  const writers = Array.from({ length: WRITERS }, (_, writer) => {
    const own = all.filter((_, index) => index % WRITERS === writer);
    return change(
      sent,
      own.map((mac) => `configs/${mac}`),
      (file, version) =>
        service.saveConfig(
          nameOf(file),
          `{"version":"${version}","filler":"${"x".repeat(randomInt(4_000))}"}`,
        ),
    );
  });
  const uploader = change(sent, ["assets/a.bin", "assets/b.bin"], (file, version) =>
    service.uploadAsset(nameOf(file), assetOf(version)),
  );
  await Promise.all([...writers, uploader]);
}

/** Changes these files in turn, one after another, and notes what was sent and answered. Ends at the first failure. */
async function change(
  sent: Sent[],
  files: readonly string[],
  write: (file: string, version: string) => Promise<{ readonly revision: number }>,
): Promise<void> {
  for (let turn = 0; ; turn++) {
    const file = files[turn % files.length] ?? "";
    const attempt: Sent = { file, version: crypto.randomUUID(), revision: null };
    sent.push(attempt);
    try {
      attempt.revision = (await write(file, attempt.version)).revision;
    } catch (error) {
      if (isAnswer(error)) throw error;
      return; // Killed.
    }
  }
}

/** Holds what is there, and what a subscriber was told, against the history. */
async function expectToHold(
  service: ServiceClient,
  sent: readonly Sent[],
  announced: AnnouncementWatcher,
  heard: Message[],
): Promise<void> {
  const found = await filesOf(service);
  let problems: string[] = [];
  const hold = async () => {
    heard.push(...(await announced.upToNow()));
    problems = violations(sent, found, heard.map(fileOf));
    return problems.length === 0;
  };
  await until("everything found is announced", hold).catch((cause) => {
    throw new Error(`the history does not hold:\n${problems.join("\n")}`, { cause });
  });
}

/** Every file there is, by what the lists and each file's own address say; its version is read out of its bytes. */
async function filesOf(service: ServiceClient): Promise<Found[]> {
  const found: Found[] = [];
  for (const mac of await service.listConfigs()) {
    const { text, revision } = await service.fetchConfig(mac);
    found.push({ file: `configs/${mac}`, version: JSON.parse(text).version, revision });
  }
  for (const filename of await service.listAssets()) {
    const { bytes, revision } = await service.fetchAsset(filename);
    found.push({ file: `assets/${filename}`, version: versionOf(bytes), revision });
  }
  return found;
}

/** Bytes of an asset that tell whether they are whole: its version, 5,000 times over. */
function assetOf(version: string): Buffer {
  return Buffer.from(version.repeat(5_000));
}

function versionOf(bytes: Buffer): string {
  const version = bytes.subarray(0, 36).toString();
  return bytes.equals(assetOf(version)) ? version : `not whole: ${bytes.length} bytes of ${version}`;
}

function fileOf({ topic, payload, revision }: Message): { file: string; revision: number } {
  const name: string = JSON.parse(payload).filename;
  const kind = topic.split("/").at(-1);
  return {
    file: `${kind}/${kind === "configs" ? name.replace(/\.json$/, "") : name}`,
    revision: Number(revision),
  };
}

function halves(bytes: Buffer): [Buffer, Buffer] {
  const middle = bytes.length >> 1;
  return [bytes.subarray(0, middle), bytes.subarray(middle)];
}

async function isRefused(url: string): Promise<boolean> {
  try {
    using _connection = await openRaw(url);
    return false;
  } catch {
    return true;
  }
}

function nameOf(file: string): string {
  return file.slice(file.indexOf("/") + 1);
}

function withoutFile(found: readonly Found[], file: string): Found[] {
  return found.filter((each) => each.file !== file);
}

/** An answer that was not the one expected, unlike a connection that broke. */
function isAnswer(error: unknown): boolean {
  return error instanceof Error && /: \d{3}, not 200/.test(error.message);
}
