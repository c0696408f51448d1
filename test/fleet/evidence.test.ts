import { describe, expect, test } from "bun:test";
import { type Evidence, nothingSeen, observe, type Sighting } from "../../src/fleet/evidence.ts";

const PART = 65_536;
const SIZE = 3 * PART;

describe("a download in parts", () => {
  test("has arrived as far as its parts were acknowledged, each for itself", () => {
    const seen = after(asked(0), asked(1), asked(2), acknowledged(0), acknowledged(1));
    expect(seen.fetched).toBeNull();
    expect(seen.fetching?.arrivedTo).toBe(2 * PART);
    expect(observe(seen, acknowledged(2)).fetched).toMatchObject({ revision: 1 });
  });

  test("begins anew where its first part is asked for again", () => {
    const first = [asked(0), acknowledged(0), asked(1), acknowledged(1), asked(2), cutOff] as const;
    const again = after(...first, asked(0), acknowledged(0));
    expect(again.fetched).toBeNull();
    expect(again.fetching?.arrivedTo).toBe(PART);
    expect(after(...first, asked(0), asked(2), acknowledged(2)).fetched).toBeNull();
  });

  test("is whole only where no part is missing from its middle", () => {
    expect(after(asked(0), acknowledged(0), asked(2), acknowledged(2)).fetched).toBeNull();
  });
});

function after(...sightings: readonly Sighting[]): Evidence {
  return sightings.reduce(observe, nothingSeen);
}

function range(part: number) {
  return { start: part * PART, end: (part + 1) * PART - 1 };
}

function asked(part: number): Sighting {
  return { kind: "asked", revision: 1, at: part, size: SIZE, range: range(part) };
}

function acknowledged(part: number): Sighting {
  return { kind: "acknowledged", revision: 1, at: part, range: range(part) };
}

const cutOff: Sighting = { kind: "cutOff", revision: 1, at: 3 };
