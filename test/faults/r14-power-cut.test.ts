import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "../../simulate/random.ts";
import { ExpectedFiles, hashOf, type Status } from "../support/expected-files.ts";
import { ext4Disk } from "../support/ext4-disk.ts";
import { freePort } from "../support/free-port.ts";
import { macs } from "../support/load.ts";
import { multipart } from "../support/multipart.ts";
import { type Call, callsIn, Disk, WATCHED, WRITTEN_OUT } from "../support/power-cut/index.ts";
import { row } from "../support/row.ts";
import { startTestService } from "../support/service.ts";
import type { ServiceClient } from "../support/service-client.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { signedFields } from "../support/signed-form.ts";
import { tracedInto, wholeTrace } from "../support/strace.ts";
import { tempDir } from "../support/temp-dir.ts";

const WRITERS = 4;
const CHANGES_PER_WRITER = 25;
/** The answer to a config of this size goes out in one call, by which it is known. */
const MOST_CONFIG_BYTES = 6_000;
const MOST_ASSET_BYTES = 60_000;

row(
  "R14",
  "a power cut at any moment, which takes all that was not flushed, leaves what was answered, whole and to be announced",
  { rounds: { test: 0, full: 60 }, needs: ["strace"] },
  async ({ rounds, random, did }) => {
    await using dir = await tempDir();
    const root = join(dir.path, "disk");
    await mkdir(root);
    const { calls, changes } = await tracedLoad(root, join(dir.path, "calls.txt"), random);
    did("changes", changes.length);
    expect(answersIn(calls).size).toBe(changes.length);
    const disk = new Disk(root);
    let applied = 0;
    for (const cut of cutsIn(calls, rounds, random)) {
      for (; applied < cut; applied++) disk.apply(calls[applied] as Call); // There are as many as it has entries.
      const answered = answersIn(calls.slice(0, cut));
      for (const [mode, survives] of [
        ["at which nothing unflushed survived", () => false],
        ["at which some of it survived", () => random.next() < 0.5],
      ] as const) {
        await using left = await tempDir();
        disk.layOut(left.path, survives);
        const problems = await problemsIn(join(left.path, "data"), changes, answered);
        expect({ cut, of: calls.length, mode, problems }).toEqual({
          cut,
          of: calls.length,
          mode,
          problems: [],
        });
        did(`cuts ${mode}`);
      }
    }
  },
);

row(
  "R14",
  "a power cut of a real file system under load leaves what was answered, and nothing half",
  { rounds: { test: 0, full: 12 }, needs: ["an ext4 to mount"] },
  async ({ rounds, random, did }) => {
    using disk = ext4Disk();
    const env = environment(join(disk.path, "data"));
    const files = new ExpectedFiles();
    for (let round = 0; round < rounds; round++) {
      await using service = await startServiceProcess(env);
      expect(await files.violations(service)).toEqual([]);
      const load = changeUntilItEnds(service, files, random);
      await Bun.sleep(random.int(50, 500)); // The moment is the fault: any will do.
      service.signal("SIGSTOP");
      await Bun.sleep(50); // What it was doing in the kernel has ended by then.
      disk.cutPower();
      await service.kill();
      const done = await load;
      disk.comeBack();
      did("changes answered", done);
      did("cuts");
    }
    await using service = await startServiceProcess(env);
    expect(await files.violations(service)).toEqual([]);
    await service.kill();
  },
);

let saves = 0;

/** Saves, uploads and deletes, on files of each writer's own, until they fail; how many did not. */
async function changeUntilItEnds(
  service: ServiceClient,
  files: ExpectedFiles,
  random: Random,
): Promise<number> {
  let done = 0;
  const writers = macs(WRITERS).map(async (mac, writer) => {
    for (let status: Status = 200; status !== null && status < 500; done++) {
      const name = `${writer}.bin`;
      const kind = random.next();
      if (kind < 0.1) status = await files.delete(service, `assets/${name}`);
      else if (kind < 0.5) status = await files.upload(service, name, random.bytes(random.int(1, 20_000)));
      else
        status = await files.save(service, mac, { save: saves++, filling: "x".repeat(random.int(0, 5_000)) });
    }
  });
  await Promise.all(writers);
  return done;
}

/** A change of a file, in the order in which they were sent; null deletes it. */
type Change = { readonly id: string; readonly file: string; readonly content: string | null };

/** What a service does to its disk under load, from its very first start, until it is killed. */
async function tracedLoad(
  root: string,
  log: string,
  random: Random,
): Promise<{ calls: readonly Call[]; changes: readonly Change[] }> {
  const nobody = { url: `mqtt://127.0.0.1:${await freePort()}`, username: "nobody", password: "listens" };
  const changes: Change[] = [];
  const under = tracedInto(log, { calls: WATCHED }, ...WRITTEN_OUT);
  {
    await using service = await startServiceProcess(environment(join(root, "data"), nobody), under);
    await Promise.all(
      macs(WRITERS).map(async (mac, writer) => {
        const files = [`configs/${mac}`, `assets/${writer}.bin`, `assets/${writer}.txt`] as const;
        for (let turn = 0; turn < CHANGES_PER_WRITER; turn++) {
          const id = `writer-${writer}-change-${turn}`;
          const file = random.pick(files);
          const most = file.startsWith("configs/") ? MOST_CONFIG_BYTES : MOST_ASSET_BYTES;
          const bytes = random.bytes(random.int(0, most)).toString("base64");
          const content = random.next() < 0.15 ? null : random.next() < 0.2 ? "the same" : bytes;
          const { status } = await change(service, id, file, content);
          if (status === 404) continue; // A delete of nothing.
          expect(status).toBeLessThan(300);
          changes.push({ id, file, content: content === null ? null : contentOf(file, content) });
        }
      }),
    );
  }
  const calls = callsIn(await wholeTrace(log), (path) => /-shm$|\/lock\.db$|\/reserve$/.test(path));
  return { calls, changes };
}

async function change(service: ServiceClient, id: string, file: string, content: string | null) {
  const headers = { "X-Request-Id": id };
  if (content === null) return await service.request("DELETE", `/api/${file}`, { headers });
  const [kind, name = ""] = file.split("/");
  if (kind === "configs") return await service.tryToSaveConfig(name, { content }, headers);
  const { contentType, body } = multipart([
    ...signedFields(),
    { name: "file", value: content, filename: name },
  ]);
  return await service.request("POST", "/api/assets", {
    headers: { ...headers, "Content-Type": contentType },
    body,
  });
}

function contentOf(file: string, content: string): string {
  return file.startsWith("configs/") ? JSON.stringify({ content }) : hashOf(content);
}

/** Right after some of the answers, when most is promised, and at moments between. */
function cutsIn(calls: readonly Call[], count: number, random: Random): number[] {
  const answers = calls.flatMap((call, at) => (answerIn(call) === null ? [] : [at + 1]));
  const cuts = Array.from({ length: count }, (_, nth) => {
    const answer = answers[random.int(0, answers.length)] ?? calls.length;
    return nth % 2 === 0 ? answer : random.int(0, calls.length + 1);
  });
  return cuts.toSorted((a, b) => a - b);
}

/** The requests that were answered as done. */
function answersIn(calls: readonly Call[]): ReadonlySet<string> {
  return new Set(calls.flatMap((call) => answerIn(call) ?? []));
}

function answerIn(call: Call): string | null {
  if (call.name !== "send") return null;
  const head = call.bytes.subarray(0, 2_000).toString("latin1");
  return head.startsWith("HTTP/1.1 2") ? (/\r\nX-Request-Id: (\S+)\r\n/i.exec(head)?.[1] ?? null) : null;
}

/** What a service that is started on `dataDir` has otherwise than it was answered. */
async function problemsIn(
  dataDir: string,
  changes: readonly Change[],
  answered: ReadonlySet<string>,
): Promise<string[]> {
  await using service = await startTestService({ dataDir, logLevel: "warn" });
  const allowed = [...Map.groupBy(changes, ({ file }) => file)].map(([file, all]) => {
    const last = all.findLastIndex(({ id }) => answered.has(id));
    // The one after the last that was answered had been sent, or was soon to be.
    const contents = [last === -1 ? null : all[last]?.content, all[last + 1]?.content];
    return [file, new Set(contents.filter((each) => each !== undefined))] as const;
  });
  using db = new Database(join(dataDir, "iotsupport.db"), { readonly: true });
  const unannounced = `select kind || '/' || name as file from files where sha256 is not null
    and not exists (select 1 from outbox where outbox.kind = files.kind and subject = name and outbox.revision = files.revision)`;
  const remembered = db.query<{ sha256: string }, []>(`select sha256 from blobs`).all();
  const blobs = new Set(remembered.map(({ sha256 }) => sha256));
  return [
    ...(await new ExpectedFiles(allowed).violations(service)),
    ...db
      .query<{ file: string }, []>(unannounced)
      .all()
      .map(({ file }) => `${file}: is not to be announced`),
    ...(await readdir(join(dataDir, "blobs")))
      .filter((sha256) => !blobs.has(sha256))
      .map((sha256) => `blobs/${sha256}: nothing remembers it`),
  ];
}
