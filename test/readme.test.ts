import { expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { readSettings } from "../src/settings.ts";
import { type Block, blocksOf, rowsOf, sectionOf } from "./docs/markdown.ts";
import { within } from "./support/deadline.ts";
import { freePort } from "./support/free-port.ts";
import { Lines } from "./support/lines.ts";
import { type TempDir, tempDir } from "./support/temp-dir.ts";

const PROJECT = join(import.meta.dir, "..");
const README = await readFile(join(PROJECT, "README.md"), "utf8");
const READY_WITHIN_MS = 15_000;
const ENDED_WITHIN_MS = 15_000;
const SEEN_WITHIN_MS = 10_000;

test("the README's commands print what it shows", async () => {
  await using dir = await tempDir();
  const port = await freePort();
  await using shell = new Shell(await projectIn(dir), port);
  const [start, listen, ...steps] = stepsOf(blocksOf(sectionOf(README, "## Five minutes with it")));
  if (start === undefined || listen === undefined) throw new Error("the tour has too few commands");

  const service = shell.begin(start.command);
  await service.line(/^Ctrl-C ends everything/, 0, READY_WITHIN_MS);
  const brokerPort = /mqtt:\/\/127\.0\.0\.1:(\d+)/.exec(service.all.join("\n"))?.[1] ?? "";

  // All that is not run, and not expected, as it stands.
  const here = new Map([
    ["3201", String(port)],
    ["1883", brokerPort],
    ["/tmp", dir.path],
    ["/home/you/iotsupport", shell.folder],
  ]);
  const asHere = (text: string) =>
    text.replace(/\b(3201|1883)\b|\/tmp\b|\/home\/you\/iotsupport\b/g, (known) => here.get(known) ?? known);

  const shownAtStart = linesOf(asHere(start.shown)).filter((line) => line !== "…");
  expect(linesOf(service.all.join("\n"))).toEqual(expect.arrayContaining(shownAtStart));

  await shell.run(`${asHere(listen.command)} -E`); // Ends once subscribed; its session then keeps what comes.
  const device = shell.begin(asHere(listen.command));
  const announced: string[] = [];
  for (const step of steps) {
    const shown = linesOf(asHere(step.shown));
    const printed = await shell.runUntil(asHere(step.command), (text) =>
      Bun.deepEquals(linesOf(text), shown),
    );
    expect(linesOf(printed)).toEqual(shown);
    announced.push(...step.announced);
    if (announced.length > 0) await device.line(/./, announced.length - 1);
    expect(device.all).toEqual(announced);
  }
});

test("the README lists every setting, with its default", () => {
  const settings = rowsOf(sectionOf(README, "## Settings"));
  expect(settings.map(([name = ""]) => name)).toEqual([...namesOfSettings()]);

  const defaults = Object.fromEntries(settings.map(([name = "", fallback = ""]) => [name, fallback]));
  const stated = Object.entries(defaults).filter(([, each]) => each !== "unset" && each !== "empty");
  expect(readSettings(Object.fromEntries(stated))).toEqual(readSettings({}));
  // Each default that is stated is one: without it, the setting would be another.
  const none = Object.values(readSettings({})).filter((value) => value === null || isEmptyList(value));
  const unstated = Object.keys(defaults).length - stated.length;
  expect(unstated).toBe(none.length + ["MQTT_USERNAME", "MQTT_PASSWORD"].length); // Parts of `mqtt`.
});

/** A command of the tour, what it prints, and what a device hears of it meanwhile. */
type Step = { readonly command: string; readonly shown: string; readonly announced: readonly string[] };

/** A `sh` block, and what is shown after it: by the same terminal, and by the second. */
function stepsOf(blocks: readonly Block[]): readonly Step[] {
  const starts = blocks.flatMap(({ label }, at) => (label === "sh" ? [at] : []));
  return starts.map((at, index) => {
    const shown = blocks.slice(at + 1, starts[index + 1]);
    const heard = shown.filter(({ label }) => label.endsWith("second-terminal"));
    return {
      command: blocks[at]?.text ?? "",
      shown: shown.find((block) => !heard.includes(block))?.text ?? "",
      announced: heard.flatMap(({ text }) => text.split("\n")),
    };
  });
}

/** Lines as they are compared: without npm's own, and with ids and times, which are others each time, left out. */
function linesOf(output: string): readonly string[] {
  return output
    .replaceAll("\r", "")
    .replaceAll(/^> .*\n/gm, "")
    .replaceAll(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, "(id)")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "(time)")
    .replaceAll(/^Date: .* GMT$/gm, "Date: (time)")
    .trim()
    .split("\n");
}

/** The project as after a clone, with nothing in it that a start has made. */
async function projectIn(dir: TempDir): Promise<string> {
  const folder = join(dir.path, "iotsupport");
  await mkdir(folder);
  for (const name of ["package.json", "node_modules", "scripts", "mosquitto", "src"]) {
    await symlink(join(PROJECT, name), join(folder, name));
  }
  return folder;
}

/** The terminals that the commands are typed into. */
class Shell implements AsyncDisposable {
  readonly #begun: ChildProcess[] = [];

  constructor(
    readonly folder: string,
    private readonly port: number,
  ) {}

  /** Types a command that goes on, and gives what it prints as it comes. */
  begin(command: string): Lines {
    const child = this.#type(command);
    const lines = new Lines();
    void lines.read(Readable.toWeb(child.stdout));
    child.stderr.resume();
    this.#begun.push(child);
    return lines;
  }

  /** The same, once more while it only looks and does not show this yet: some things are seen a moment later. */
  async runUntil(command: string, isShown: (printed: string) => boolean): Promise<string> {
    const deadline = performance.now() + SEEN_WITHIN_MS;
    for (;;) {
      const printed = await this.run(command);
      const onlyLooks = !/ -X | -F |npm run/.test(command);
      if (isShown(printed) || !onlyLooks || performance.now() > deadline) return printed;
    }
  }

  /** Types a command that ends, and gives all that it printed. */
  async run(command: string): Promise<string> {
    const child = this.#type(command);
    const ended = once(child, "exit");
    const [printed, complaints] = await within(
      ENDED_WITHIN_MS,
      `the end of: ${command}`,
      Promise.all([textOf(child.stdout), textOf(child.stderr)]),
    );
    const [code] = await ended;
    if (code !== 0) throw new Error(`${command}\nended with ${code}:\n${printed}\n${complaints}`);
    return printed;
  }

  /** Ctrl-C in each, the latest first. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#begun.toReversed()) {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, "exit");
      process.kill(-child.pid, "SIGINT");
      await within(ENDED_WITHIN_MS, "the end of what Ctrl-C ends", ended);
    }
  }

  /** In a process group of its own, as under a terminal. */
  #type(command: string) {
    const { PATH = "", HOME = "/", TMPDIR = "/tmp" } = process.env;
    const env = { PATH, HOME, TMPDIR, PORT: String(this.port) };
    const { folder } = this;
    return spawn("sh", ["-c", command], {
      cwd: folder,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
  }
}

function textOf(stream: Readable): Promise<string> {
  return new Response(Readable.toWeb(stream)).text();
}

/** In the order in which they are read; `…_FILE` is a way to give one, not one of its own. */
function namesOfSettings(): readonly string[] {
  const asked = new Set<string>();
  const env = new Proxy<Record<string, string>>({}, { get: (_, name) => void asked.add(String(name)) });
  readSettings(env);
  return [...asked].filter((name) => !name.endsWith("_FILE"));
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
