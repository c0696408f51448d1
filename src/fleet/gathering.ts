import type { FetchCount, FileKey } from "../store/index.ts";
import type { Sighting } from "./evidence.ts";
import type { Visit } from "./sightings.ts";

/** Who was seen with which file: a device by its MAC, or somebody at an address. */
export interface Subject {
  readonly mac: string | null;
  readonly address: string | null;
  readonly file: FileKey;
}

export interface Gathered extends Subject {
  readonly sightings: Sighting[];
}

const MOST_SUBJECTS = 20_000;
/** Of all together, some megabytes: a device that is quick with small parts has hundreds of its own. */
const MOST_SIGHTINGS = 100_000;

/** What was seen since it was last kept, in memory. What is too much is dropped, and counted. */
export class Gathering {
  readonly #gathered = new Map<string, Gathered>();
  readonly #visits = new Map<string, Visit>();
  /** By status. */
  readonly #fetches = { configs: new Map<number, number>(), assets: new Map<number, number>() };
  #sightings = 0;

  constructor(private readonly dropped: () => void) {}

  get gathered(): readonly Gathered[] {
    return [...this.#gathered.values()];
  }

  get visits(): readonly Visit[] {
    return [...this.#visits.values()];
  }

  get fetches(): readonly FetchCount[] {
    return (["configs", "assets"] as const).flatMap((kind) =>
      [...this.#fetches[kind]].map(([status, n]) => ({ kind, status, n })),
    );
  }

  addFetch(kind: FileKey["kind"], status: number): void {
    const counts = this.#fetches[kind];
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }

  addVisit(visit: Visit): void {
    const before = this.#visits.get(visit.mac);
    if (before === undefined && this.#visits.size >= MOST_SUBJECTS) {
      this.dropped();
      return;
    }
    const { chip = null, isUnknown = true } = before ?? {};
    this.#visits.set(visit.mac, {
      ...before,
      ...visit,
      chip: visit.chip ?? chip,
      isUnknown: visit.isUnknown && isUnknown,
    });
  }

  addSighting(subject: Subject, sighting: Sighting): void {
    const { mac, address, file } = subject;
    const key = `${mac ?? address} ${file.kind}/${file.name}`;
    const gathered = this.#gathered.get(key);
    if (gathered !== undefined && replacesLast(gathered.sightings, sighting)) {
      gathered.sightings.splice(-1, 1, sighting);
    } else if (this.#sightings >= MOST_SIGHTINGS || (!gathered && this.#gathered.size >= MOST_SUBJECTS)) {
      this.dropped();
    } else {
      this.#sightings++;
      if (gathered !== undefined) gathered.sightings.push(sighting);
      else this.#gathered.set(key, { mac, address, file, sightings: [sighting] });
    }
  }
}

/** The same again says nothing new but the time. */
function replacesLast(sightings: readonly Sighting[], sighting: Sighting): boolean {
  const last = sightings.at(-1);
  const isPart = "range" in sighting && sighting.range !== null;
  return last?.kind === sighting.kind && last.revision === sighting.revision && !isPart;
}
