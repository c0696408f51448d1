import type { PublishOutcome } from "../announcements/index.ts";

/** What was refused is tried again no more often. */
const AGAIN_EVERY_MS = 60_000;

/**
 * Which topics the broker refuses, by the lines of its access control: it may know one of them, and not the other. Where
 * it takes some of a line's topics and refuses others, that is told, and tried again, once a minute.
 */
export class Refusals {
  /** By the line: whether something on it was taken since one was refused. */
  readonly #refused = new Map<string, { isTakenAgain: boolean }>();
  #lastMs = Number.NEGATIVE_INFINITY;

  /** Notes what came of a message; true where that is the first refusal, which is to be told. */
  isNews(line: string, outcome: PublishOutcome): boolean {
    const refused = this.#refused.get(line);
    if (outcome === "acknowledged" && refused !== undefined) refused.isTakenAgain = true;
    if (outcome !== "refused" || refused !== undefined) return false;
    this.#refused.set(line, { isTakenAgain: false });
    return true;
  }

  /** Whether what was refused is to be tried again, since some of it is taken now. */
  areOver(nowMs: number): boolean {
    const over = [...this.#refused].filter(([, { isTakenAgain }]) => isTakenAgain);
    // A clock that was put back makes it no longer.
    if (over.length === 0 || Math.abs(nowMs - this.#lastMs) < AGAIN_EVERY_MS) return false;
    for (const [line] of over) this.#refused.delete(line);
    this.#lastMs = nowMs;
    return true;
  }
}
