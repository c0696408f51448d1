import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { readDockerfile } from "../support/dockerfile.ts";
import { tempDir } from "../support/temp-dir.ts";
import { run } from "./npm-start.ts";

/** What of docker-compose.yml is looked at here. */
type Compose = { readonly services: Readonly<Record<string, ComposeService>> };
type ComposeService = {
  readonly build?: string;
  readonly image?: string;
  readonly user?: string;
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
};

const PROJECT = join(import.meta.dir, "../..");
const projectFile = (name: string) => readFile(join(PROJECT, name), "utf8");
const stages = readDockerfile(await projectFile("Dockerfile"));
const { services } = Bun.YAML.parse(await projectFile("docker-compose.yml")) as Compose;

test("the image is built on the Bun that package.json pins, and every other image has an exact tag", async () => {
  const { dependencies } = JSON.parse(await projectFile("package.json"));
  expect(stages.map(({ base }) => base)).toEqual(
    ["slim", "distroless"].map((variant) => `oven/bun:${dependencies.bun}-${variant}`),
  );
  for (const { build, image = "" } of Object.values(services)) {
    if (build === undefined) expect(image).toMatch(/:v?\d+\.\d+\.\d+$/);
  }
});

test("no container runs as root, nor with what it does not need", () => {
  expect(instructions("USER").map(({ text }) => text)).toEqual(["1000:1000"]);
  for (const service of Object.values(services)) {
    expect(service.user ?? (service.build && "1000:1000")).toMatch(/^[1-9]\d*:\d+$/);
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
      pids_limit: expect.any(Number),
    });
  }
});

test("ports are published to this machine alone, until BIND_ADDRESS opens those that devices need", () => {
  const ports = Object.values(services).map(
    (service) => [service.profiles ?? [], service.ports ?? []] as const,
  );
  const forDevices = ports.filter(([profiles]) => profiles.length === 0).flatMap(([, each]) => each);
  expect(forDevices).toHaveLength(2);
  for (const port of forDevices) expect(port).toMatch(/^\$\{BIND_ADDRESS:-127\.0\.0\.1\}:/);
  const toObserve = ports.filter(([profiles]) => profiles.length > 0).flatMap(([, each]) => each);
  expect(toObserve).toHaveLength(2);
  for (const port of toObserve) expect(port).toMatch(/^\$\{OBSERVE_ADDRESS:-127\.0\.0\.1\}:/);
});

test("what is there to observe starts with its profile alone, is handed our files to read, and knows no password", () => {
  const observing = Object.entries(services).filter(([, { profiles }]) => profiles?.includes("observe"));
  expect(observing.map(([name]) => name)).toEqual(["prometheus", "grafana"]);
  for (const [, { volumes = [], environment = {} }] of observing) {
    const ours = volumes.filter((volume) => volume.startsWith("./"));
    expect(ours.length).toBeGreaterThan(0);
    for (const volume of ours) {
      expect(volume).toEndWith(":ro");
      expect(existsSync(join(PROJECT, volume.split(":")[0] ?? ""))).toBe(true);
    }
    expect(Object.keys(environment).filter((name) => /PASSWORD|SECRET/.test(name))).toEqual([]);
  }
  expect(services["grafana"]?.environment).toMatchObject({
    GF_AUTH_ANONYMOUS_ORG_ROLE: "Viewer",
    GF_AUTH_BASIC_ENABLED: "false",
    GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: "true",
  });
});

test("what the Dockerfile copies is all that .dockerignore lets through", async () => {
  const copied = instructions("COPY")
    .filter(({ flags }) => !flags.has("from"))
    .flatMap(({ text }) => text.split(" ").slice(0, -1));
  const ignored = (await projectFile(".dockerignore")).split("\n").filter((line) => /^[^#]/.test(line));
  expect(new Set(ignored)).toEqual(new Set(["*", ...copied.map((name) => `!${name}`)]));
});

test("the containers' setup keeps what it made, for its owner alone, the private key apart", async () => {
  await using dir = await tempDir();
  expect((await run("container-setup.mjs", [dir.path])).exitCode).toBe(0);
  const made = await secretsIn(dir.path);
  expect((await run("container-setup.mjs", [dir.path])).exitCode).toBe(0);
  expect(await secretsIn(dir.path)).toEqual(made);
  expect((await readdir(join(dir.path, "secrets"))).sort()).toEqual(["mqtt-password", "signing-key.pub.pem"]);
  expect(await readdir(join(dir.path, "signing"))).toEqual(["signing-key.pem"]);
});

function instructions(keyword: string) {
  return stages.flatMap((stage) => stage.instructions).filter((each) => each.keyword === keyword);
}

async function secretsIn(root: string): Promise<readonly string[]> {
  const names = [
    "broker/device-password",
    "secrets/mqtt-password",
    "secrets/signing-key.pub.pem",
    "signing/signing-key.pem",
  ];
  const paths = names.map((name) => join(root, name));
  for (const path of paths) expect((await stat(path)).mode & 0o777).toBe(0o600);
  return Promise.all(paths.map((path) => readFile(path, "utf8")));
}
