import type { Publication, PublishOutcome } from "../announcements/index.ts";
import type { Log } from "../ops/index.ts";
import type { Published, PublishedStore } from "../store/index.ts";
import { MARK_PROBE, MARK_TOPIC } from "./topics.ts";

/** Stands on no broker. */
const NO_MARK = "none";

export interface MarkParts {
  readonly published: PublishedStore;
  readonly publish: (message: Publication) => Promise<PublishOutcome>;
  /** Told that the broker has lost something of what it was given. */
  readonly lost: () => void;
  readonly log: Log;
}

/**
 * Tells whether the broker still has all that it was given: what it is given last, each time, is a mark, and that is noted
 * here too. Where the two differ at a connect, a restart or a kill has cost the broker something.
 */
export class Mark {
  #ofBroker: string | null = null;
  #isCompared = false;
  #isDue = false;

  constructor(private readonly parts: MarkParts) {}

  /** What was noted without a mark waits for one. */
  get isDue(): boolean {
    return this.#isDue && this.#isCompared;
  }

  /** At a connect, once the mark's topic was subscribed to. */
  askBroker(): void {
    this.#ofBroker = null;
    this.#isCompared = false;
    void this.parts.publish({ topic: MARK_TOPIC, payload: MARK_PROBE });
  }

  /** What came in on the mark's topic. */
  heard(payload: string, isRetained: boolean): void {
    if (isRetained) this.#ofBroker = payload;
    if (payload === MARK_PROBE) void this.#compare(this.#ofBroker);
  }

  /**
   * Notes what the broker has acknowledged, and gives it a mark if it has all there is to show: where some was not
   * shown to it yet, a crash now must not look as if it had. False where the connection was lost over it: nothing is noted.
   */
  async note(shown: readonly Published[], gone: readonly Published[], hasAll: boolean): Promise<boolean> {
    const isWhole = hasAll && this.#isCompared;
    let mark = NO_MARK;
    if (isWhole) {
      const payload = crypto.randomUUID();
      const outcome = await this.parts.publish({ topic: MARK_TOPIC, payload, isRetained: true });
      if (outcome === "lost") return false;
      if (outcome === "acknowledged") mark = payload;
    }
    await this.parts.published.notePublished(shown, gone, mark);
    this.#isDue = !isWhole;
    return true;
  }

  async #compare(ofBroker: string | null): Promise<void> {
    const { published, lost, log } = this.parts;
    try {
      if (ofBroker !== (await published.readMark())) lost();
    } catch (error) {
      log.warn({ err: error }, "what Home Assistant was shown could not be read; showing it again");
      lost();
    }
    this.#isCompared = true;
  }
}
