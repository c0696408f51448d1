import type { Log } from "../ops/index.ts";
import type { FleetStore } from "../store/index.ts";

const LOOK_EVERY_MS = 5_000;
/** So many files in one go; the others' turn comes at the next look. */
const MOST_FILES = 1_000;

/**
 * Has files announced again that devices are behind on, so that one which slept through an announcement catches up
 * without anyone looking. When each is due stands in the store, and so outlasts a restart.
 */
export class Reannouncer {
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;

  constructor(
    private readonly fleet: FleetStore,
    private readonly nudge: () => void,
    private readonly log: Log,
    private readonly now: () => Date,
  ) {}

  start(): void {
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = null;
      });
    }, LOOK_EVERY_MS);
  }

  /** Ends, and waits for a look that is under way. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    try {
      const files = await this.fleet.listFilesToReannounce(this.now().getTime(), MOST_FILES);
      if (files.length === 0) return;
      await this.fleet.reannounce(files);
      this.nudge();
      this.log.info({ files: files.length }, "announced again what devices are behind on");
    } catch (error) {
      this.log.warn({ err: error }, "files could not be announced again; trying again");
    }
  }
}
