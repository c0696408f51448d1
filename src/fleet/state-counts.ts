import type { Log } from "../ops/index.ts";
import type { FleetStore } from "../store/index.ts";
import { states } from "./grade.ts";

/** Counting 100,000 devices takes 0.15 s of the thread that reads lists. */
const COUNT_EVERY_MS = 30_000;
const PATIENCE_MS = 1_000;

/**
 * How many devices have a file in each state, for who asks every few seconds: counted anew at most twice a minute, and
 * answered with what was counted last where that takes too long. Before the first count it is NaN.
 */
export class StateCounts {
  #counts: Readonly<Record<string, number>> = Object.fromEntries(states.map((state) => [state, Number.NaN]));
  #countedAtMs = Number.NEGATIVE_INFINITY;
  #counting: Promise<void> | null = null;

  constructor(
    private readonly fleet: FleetStore,
    private readonly log: Log,
    private readonly now: () => Date,
  ) {}

  async read(): Promise<Readonly<Record<string, number>>> {
    if (performance.now() - this.#countedAtMs < COUNT_EVERY_MS) return this.#counts;
    this.#counting ??= this.#count().finally(() => {
      this.#counting = null;
    });
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, PATIENCE_MS);
    await Promise.race([this.#counting, late.promise]);
    clearTimeout(timer);
    return this.#counts;
  }

  async #count(): Promise<void> {
    try {
      const counted = await this.fleet.countStates(this.now().getTime());
      this.#counts = Object.fromEntries(states.map((state) => [state, counted[state] ?? 0]));
      this.#countedAtMs = performance.now();
    } catch (error) {
      this.log.warn({ err: error }, "the fleet's states could not be counted");
    }
  }
}
