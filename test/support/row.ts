import { test } from "bun:test";
import { appendFileSync } from "node:fs";
import { Random } from "../../simulate/random.ts";
import { missingTools, type Tool } from "./tools.ts";

/** A row of the fault table: R for what breaks, A for what is sent against us, F for what is said of the fleet and its files, also to Home Assistant. */
export type RowId = `R${number}` | `A${number}` | `F${number}`;

export interface RowOptions {
  /** How often: for each change (`npm test`; 0: not then) and in full (`npm run faults`). */
  readonly rounds?: { readonly test: number; readonly full: number };
  /** What the machine must have. Without it the row says so, and counts as not run. */
  readonly needs?: readonly Tool[];
  /** For `npm test`; in full a row has a quarter of an hour. */
  readonly timeoutMs?: number;
  /** Time is what it mostly needs: it may pass beside others of its file that wait, too. */
  readonly waits?: boolean;
}

/** What a row is handed. */
export interface RowRun {
  readonly rounds: number;
  readonly isFull: boolean;
  /** Every random choice of the row comes from here. */
  readonly random: Random;
  /** Notes for the table what was done, and how often. */
  did(what: string, times?: number): void;
}

/** What is known of a row after it ran: a line of JSON in the file FAULTS_REPORT. */
export interface RowReport {
  readonly id: RowId;
  readonly promise: string;
  readonly outcome: "held" | "broken" | "not run";
  readonly did: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** What showed it broken, or what is missing to run it. */
  readonly reason: string | null;
}

const FULL_TIMEOUT_MS = 15 * 60_000;
const TEST_TIMEOUT_MS = 60_000;
const { FAULTS_REPORT, FAULTS_ROUNDS, FAULTS_SEED } = process.env;
const isFull = FAULTS_REPORT !== undefined;

/**
 * Declares a test that is a row of the fault table, or a part of one. `promise` is a sentence that holds. The same code
 * runs with few rounds in `npm test` and with many in `npm run faults`; what fails names the seed that repeats it.
 */
export function row(
  id: RowId,
  promise: string,
  options: RowOptions,
  run: (run: RowRun) => Promise<void>,
): void {
  const { rounds = { test: 1, full: 1 }, needs = [], timeoutMs = TEST_TIMEOUT_MS, waits = false } = options;
  const count = roundsOf(rounds);
  if (count === 0) return;
  const name = `${id}: ${promise}`;
  const missing = missingTools(needs);
  if (missing.length > 0) {
    const reason = `needs ${missing.join(", ")}`;
    report({ id, promise, outcome: "not run", did: {}, seconds: 0, reason });
    test.skip(`${name} (${reason})`, () => {});
    return;
  }
  const declare = waits ? test.concurrent : test;
  declare(name, () => runRow(id, promise, count, run), isFull ? FULL_TIMEOUT_MS : timeoutMs);
}

async function runRow(id: RowId, promise: string, rounds: number, run: (run: RowRun) => Promise<void>) {
  const seed =
    FAULTS_SEED === undefined ? (crypto.getRandomValues(new Uint32Array(1))[0] ?? 1) : Number(FAULTS_SEED);
  const counts = new Map<string, number>();
  const did = (what: string, times = 1) => counts.set(what, (counts.get(what) ?? 0) + times);
  const began = performance.now();
  const tell = (outcome: RowReport["outcome"], reason: string | null) => {
    const seconds = (performance.now() - began) / 1000;
    report({ id, promise, outcome, did: Object.fromEntries(counts), seconds, reason });
  };
  try {
    await run({ rounds, isFull, random: new Random(seed), did });
    tell("held", null);
  } catch (cause) {
    const again = `npm run faults -- --row ${id} --seed ${seed} --rounds ${rounds}`;
    const reason = `${cause instanceof Error ? cause.message : String(cause)}\nto repeat it: ${again}`;
    tell("broken", reason);
    throw new Error(reason, { cause });
  }
}

function roundsOf({ test: few, full }: { readonly test: number; readonly full: number }): number {
  if (!isFull) return few;
  return FAULTS_ROUNDS === undefined ? full : Number(FAULTS_ROUNDS);
}

function report(line: RowReport): void {
  if (FAULTS_REPORT !== undefined) appendFileSync(FAULTS_REPORT, `${JSON.stringify(line)}\n`);
}
