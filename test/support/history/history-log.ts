import type { AnnouncementWatcher, Message } from "../announcement-watcher.ts";
import type { ServiceClient } from "../service-client.ts";
import { problemsIn } from "./check.ts";
import type { History, HistoryEvent } from "./events.ts";
import { LoggedClient } from "./logged-client.ts";
import { explain } from "./print.ts";

const ANNOUNCED_WITHIN_MS = 15_000;
const LOOK_AGAIN_MS = 20;

/** Keeps the history of one service, over all its starts: what is sent to it, what comes of it, what it announces. */
export class HistoryLog {
  readonly #events: HistoryEvent[] = [];
  readonly #etags = new Map<string, string>();

  get history(): History {
    return this.#events;
  }

  /** Everything that is asked through it is logged. */
  through(service: ServiceClient): LoggedClient {
    return new LoggedClient(service, this);
  }

  /** Logs what has begun; the function that is returned replaces it by what has become of it. */
  begin<Event extends HistoryEvent>(event: Event): (end: Event) => void {
    const at = this.#events.push(event) - 1;
    return (end) => {
      this.#events[at] = end;
    };
  }

  /** The service's process is gone. */
  ended(): void {
    this.#events.push({ kind: "ended", at: performance.now() });
  }

  note(text: string): void {
    this.#events.push({ kind: "note", text, at: performance.now() });
  }

  /** Logs what came to a subscriber, and returns the files that it tells of. */
  heard(messages: readonly Message[]): string[] {
    const events = messages.map((each) => ({ kind: "announced", ...fileOf(each), at: each.at }) as const);
    this.#events.push(...events);
    return events.map(({ file }) => file);
  }

  /** Every file that was asked about or announced. */
  get files(): ReadonlySet<string> {
    return new Set(this.#events.flatMap((each) => ("file" in each ? [each.file] : [])));
  }

  /** How often each revision came that was announced. */
  get copies(): readonly number[] {
    const announced = this.#events.filter((each) => each.kind === "announced");
    const same = Map.groupBy(announced, ({ file, revision }) => `${file} ${revision}`);
    return [...same.values()].map(({ length }) => length);
  }

  /** Notes the ETag that a revision was answered with, so that a condition can name it. */
  learnETag(file: string, revision: number, etag: string): void {
    this.#etags.set(`${file} ${revision}`, etag);
  }

  etagOf(file: string, revision: number): string {
    return this.#etags.get(`${file} ${revision}`) ?? `"${revision}-unknown"`;
  }

  /** Throws what does not fit so far, whatever may still be announced. */
  expectToFit(): void {
    this.#expectNone({ settled: false });
  }

  /** Reads every file, waits until all is announced that should be, and throws what does not fit. */
  async expectToHold(service: ServiceClient, announced: AnnouncementWatcher): Promise<void> {
    await this.through(service).readAll();
    await this.allAnnounced(announced);
    this.expectAllAnnounced();
  }

  /** Throws what does not fit, now that nothing more will be announced. */
  expectAllAnnounced(): void {
    this.#expectNone({ settled: true });
  }

  /** Waits until the newest of each file is announced, but not for ever. */
  async allAnnounced(announced: AnnouncementWatcher): Promise<void> {
    const deadline = performance.now() + ANNOUNCED_WITHIN_MS;
    for (;;) {
      this.heard(await announced.upToNow());
      const problems = problemsIn(this.#events, { settled: true });
      const isWaiting = problems.some(({ rule }) => rule === "unannounced");
      if (!isWaiting || performance.now() > deadline) return;
      await Bun.sleep(LOOK_AGAIN_MS);
    }
  }

  #expectNone(options: { readonly settled: boolean }): void {
    const problems = problemsIn(this.#events, options);
    if (problems.length > 0) throw new Error(explain(this.#events, problems, options));
  }
}

/** Also holds the message itself against the contract, by which nothing but the file's name is in it. */
function fileOf({ topic, payload, revision }: Message): { file: string; revision: number } {
  const { filename } = JSON.parse(payload);
  const kind = topic.split("/").at(-1);
  if (payload !== JSON.stringify({ filename })) throw new Error(`a message that no device knows: ${payload}`);
  const name = kind === "configs" ? String(filename).replace(/\.json$/, "") : filename;
  return { file: `${kind}/${name}`, revision: Number(revision) };
}
