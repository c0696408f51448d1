import { expect } from "bun:test";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Random } from "../../simulate/random.ts";
import { until } from "../support/deadline.ts";
import { filesUnder } from "../support/files.ts";
import { atOnce } from "../support/load.ts";
import { openRaw, sendRaw } from "../support/raw-http.ts";
import { row } from "../support/row.ts";
import { environment, type ServiceProcess, startServiceProcess } from "../support/service-process.ts";
import { signedForm, uploadHead } from "../support/signed-form.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const AT_ONCE = 32;
const GONE_WITHIN_MS = 5_000;
/** More than the form has bytes: each of them. */
const EVERY_BYTE = 10_000;

row(
  "R15",
  "an upload that hangs up at any byte leaves nothing behind, and the service lives on",
  { rounds: { test: EVERY_BYTE, full: EVERY_BYTE } },
  async ({ rounds, random, did }) => {
    await using uploading = await startUploading();
    const form = signedForm("cut.bin", "0123456789");
    const request = Buffer.concat([Buffer.from(uploadHead(form.length)), form]);
    await atOnce(AT_ONCE, some(rounds, request.length, random), async (at) => {
      using connection = await openRaw(uploading.service.url);
      await connection.send(request.subarray(0, at));
      if (random.next() < 0.5) connection.reset(); // Else it closes as one that is done.
      did("uploads that hung up");
    });
    await uploading.expectNothingLeft();
    await uploading.service.uploadAsset("cut.bin", "whole");
  },
);

row(
  "R15",
  "a large upload that hangs up leaves nothing behind",
  { rounds: { test: 2, full: 20 } },
  async (run) => {
    await using uploading = await startUploading();
    const form = signedForm("cut.bin", randomBytes(4_000_000));
    for (let round = 0; round < run.rounds; round++) {
      {
        using connection = await openRaw(uploading.service.url);
        await connection.send(uploadHead(form.length));
        await connection.send(form.subarray(0, round === 0 ? -1 : run.random.int(500_000, form.length)));
        await until("its bytes are being written", async () => (await uploading.left()).length > 0);
      }
      await uploading.expectNothingLeft();
      run.did("large uploads that hung up");
    }
  },
);

row(
  "R15",
  "a form that ends at any byte but its last is refused, and leaves nothing behind",
  { rounds: { test: EVERY_BYTE, full: EVERY_BYTE } },
  async ({ rounds, random, did }) => {
    await using uploading = await startUploading();
    const { url } = uploading.service;
    const form = signedForm("cut.bin", "0123456789");
    const closed = form.length - "\r\n".length; // What follows the last boundary may be missing (RFC 2046, 5.1.1).
    await atOnce(AT_ONCE, some(rounds, closed, random), async (at) => {
      const answer = await sendRaw(url, uploadHead(at), form.subarray(0, at));
      const { code } = JSON.parse(answer.body.toString());
      expect({ at, status: answer.status, code }).toEqual({ at, status: 400, code: "VALIDATION_FAILED" });
      did("forms cut short");
    });
    await uploading.expectNothingLeft();
    expect((await sendRaw(url, uploadHead(closed), form.subarray(0, closed))).status).toBe(200);
  },
);

/** A service to which nothing has been uploaded yet. */
class Uploading implements AsyncDisposable {
  constructor(
    readonly service: ServiceProcess,
    private readonly dir: TempDir,
    private readonly before: readonly string[],
  ) {}

  /** Files that were not there at the start. */
  async left(): Promise<readonly string[]> {
    return (await filesUnder(this.dir.path)).filter((file) => !this.before.includes(file));
  }

  async expectNothingLeft(): Promise<void> {
    let left: readonly string[] = [];
    const isGone = async () => {
      left = await this.left();
      return left.length === 0;
    };
    await until("what uploads left is gone", isGone, GONE_WITHIN_MS).catch((cause) => {
      throw new Error(`still there: ${left.join(", ")}`, { cause });
    });
    expect(await this.service.listAssets()).toEqual([]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service[Symbol.asyncDispose]();
    await this.dir[Symbol.asyncDispose]();
  }
}

async function startUploading(): Promise<Uploading> {
  const dir = await tempDir();
  const env = { ...environment(join(dir.path, "data")), MAX_UPLOADS: String(2 * AT_ONCE) };
  const service = await startServiceProcess(env);
  return new Uploading(service, dir, await filesUnder(dir.path));
}

/** So many of the numbers from 0 up to, and without, `below`; all where there are no more. */
function some(count: number, below: number, random: Random): number[] {
  const numbers = [...Array(below).keys()];
  if (count >= below) return numbers;
  return Array.from({ length: count }, () => numbers[random.int(0, below)] ?? 0);
}
