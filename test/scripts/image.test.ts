import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { sign } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { startBroker } from "../support/broker.ts";
import { type Contained, canContain, contain, type Volume } from "../support/contained.ts";
import { freePort } from "../support/free-port.ts";
import { buildImage, type Image } from "../support/image.ts";
import { ServiceClient } from "../support/service-client.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

type Compose = {
  readonly services: Readonly<Record<"setup" | "iotsupport", ComposeService>>;
};
type ComposeService = {
  readonly command: readonly string[];
  readonly volumes: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
};

const PROJECT = join(import.meta.dir, "../..");
const BUILT_WITHIN_MS = 120_000;
const NO_CAPABILITY = "0000000000000000";
const { services } = Bun.YAML.parse(await Bun.file(join(PROJECT, "docker-compose.yml")).text()) as Compose;

// No container engine: the Dockerfile's steps by hand, and docker-compose.yml's terms by the kernel's own means.
describe.skipIf(!canContain)("the image (made and run only by root, where namespaces can be had)", () => {
  let dir: TempDir;
  let image: Image;

  beforeAll(async () => {
    dir = await tempDir();
    image = await buildImage(await closedClone(dir.path), dir.path);
  }, BUILT_WITHIN_MS);
  afterAll(() => dir[Symbol.asyncDispose]());

  test("fills the volumes as an account that is not root, once", async () => {
    expect(await runSetup()).toBe(0);
    const password = await readFile(join(dir.path, "secrets/mqtt-password"));
    expect(await runSetup()).toBe(0);
    expect(await readFile(join(dir.path, "secrets/mqtt-password"))).toEqual(password);
    expect(await notOwn(join(dir.path, "signing"))).toEqual([]);
  });

  test("serves without root, capabilities, a shell or a root folder that it can write, and stops in order", async () => {
    await using broker = await startBroker();
    await using announced = await broker.subscribe("iotsupport/updates/#");
    const port = await freePort();
    await using contained = contain(
      image,
      image.command,
      {
        HOST: "127.0.0.1",
        PORT: String(port),
        SIGNING_KEY_PATH: services.iotsupport.environment["SIGNING_KEY_PATH"] ?? "",
        MQTT_URL: broker.url,
        MQTT_USERNAME: broker.mqtt.username,
        MQTT_PASSWORD: broker.mqtt.password,
      },
      await volumesOf(services.iotsupport),
    );
    await contained.log.line(/"msg":"listening"/, 0, 20_000);
    await expectConfined(contained);

    const service = new ServiceClient(`http://127.0.0.1:${port}`);
    await service.saveConfig("aa-bb-cc-dd-ee-ff", { deviceName: "porch" });
    expect(await announced.next()).toEqual({ filename: "aa-bb-cc-dd-ee-ff.json" });
    const bytes = crypto.getRandomValues(new Uint8Array(3_000_000));
    const timestamp = new Date().toISOString();
    const key = await readFile(join(dir.path, "signing/signing-key.pem"), "utf8");
    const signature = sign("sha256", Buffer.from(timestamp), key).toString("base64");
    expect((await service.tryToUpload({ name: "fw.bin", bytes, timestamp, signature })).status).toBe(200);
    expect((await service.fetchAsset("fw.bin")).bytes).toEqual(Buffer.from(bytes));
    for (const path of [
      "/api/docs",
      "/api/docs/swagger-ui.css",
      "/api/openapi.json",
      "/api/configs",
      "/metrics",
    ]) {
      expect((await service.request("GET", path)).status).toBe(200);
    }

    const iotsupport = (...args: readonly string[]) => contained.exec(["bun", "src/cli/main.ts", ...args]);
    expect(await iotsupport("backup", "/data/backup.tar")).toBe(0);
    expect(await iotsupport("check", "--json")).toBe(0);

    await contained.signal("SIGTERM");
    expect(await contained.exited()).toBe(0);
    expect(contained.log.all.at(-1)).toContain(`"msg":"stopped"`);
    expect(await notOwn(join(dir.path, "data"))).toEqual([]);
  });

  async function runSetup(): Promise<number | null> {
    await using setup = contain(image, services.setup.command, {}, await volumesOf(services.setup));
    return await setup.exited();
  }

  /** Each as the image's folder of that name is, when it is first mounted; and below it, as an engine does it. */
  async function volumesOf({ volumes }: ComposeService): Promise<readonly Volume[]> {
    return Promise.all(
      volumes.map(async (volume) => {
        const [name = "", target = "", mode] = volume.split(":");
        const source = join(dir.path, name);
        if (!existsSync(source)) Bun.spawnSync(["cp", "-a", join(image.root, target), source]);
        return { source, target, isReadOnly: mode === "ro" };
      }),
    );
  }

  async function expectConfined(contained: Contained): Promise<void> {
    for (const set of ["CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
      expect([set, await contained.status(set)]).toEqual([set, NO_CAPABILITY]);
    }
    expect(await contained.status("NoNewPrivs")).toBe("1");
    expect(await contained.status("Uid")).toBe("1000\t1000\t1000\t1000");
    expect(await contained.status("Groups")).toBe("");
    expect(await contained.status("NSpid")).toMatch(/\t1$/);
    expect(await contained.exec(image.healthCheck)).toBe(0);
    expect(await contained.exec(["sh", "-c", "true"])).not.toBe(0);
    const write = `require("node:fs").writeFileSync("/app/written", "")`;
    expect(await contained.exec(["bun", "-e", write])).not.toBe(0);
  }
});

/** What the image is made of, as a clone under umask 077 has it. */
async function closedClone(path: string): Promise<string> {
  const clone = join(path, "clone");
  await mkdir(clone);
  for (const name of ["package.json", "package-lock.json", "mosquitto", "scripts", "src"]) {
    await cp(join(PROJECT, name), join(clone, name), { recursive: true });
  }
  Bun.spawnSync(["chmod", "-R", "go=", clone]);
  return clone;
}

/** The files and folders under a volume that others could read, or that another account owns. */
async function notOwn(volume: string): Promise<readonly string[]> {
  const names = await readdir(volume, { recursive: true });
  expect(names.length).toBeGreaterThan(0);
  const paths = [volume, ...names.map((name) => join(volume, name))];
  const found = await Promise.all(paths.map(async (path) => ({ path, ...(await stat(path)) })));
  return found.filter(({ uid, mode }) => uid !== 1000 || (mode & 0o077) !== 0).map(({ path }) => path);
}
