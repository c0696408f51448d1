import type { Word } from "./account.ts";

const UNSEEN: Word = "behind";
const MOST_NAMED = 10;

/** Devices of which the service says something else than they do themselves. One that it never saw is behind to it. */
export function differences(
  byDevices: ReadonlyMap<string, Word>,
  byService: ReadonlyMap<string, Word>,
): readonly string[] {
  return [...byDevices].flatMap(([mac, word]) => {
    const told = byService.get(mac) ?? UNSEEN;
    return told === word ? [] : [`${mac} says ${word}, the service says ${told}`];
  });
}

/** A table of how many devices are in which state, by both, and who is told of otherwise than by itself. */
export function comparisonOf(
  byDevices: ReadonlyMap<string, Word>,
  byService: ReadonlyMap<string, Word>,
): string {
  const ofService = new Map([...byDevices.keys()].map((mac) => [mac, byService.get(mac) ?? UNSEEN]));
  const words = [...new Set([...byDevices.values(), ...ofService.values()])].toSorted();
  const row = (what: string, one: string | number, other: string | number) =>
    `  ${what.padEnd(12)}${String(one).padStart(13)}${String(other).padStart(15)}`;
  const differing = differences(byDevices, byService);
  const named = differing.slice(0, MOST_NAMED).map((each) => `  ${each}`);
  if (differing.length > MOST_NAMED) named.push(`  … and ${differing.length - MOST_NAMED} more`);
  return [
    row("", "devices say", "service says"),
    ...words.map((word) => row(word, countOf(word, byDevices), countOf(word, ofService))),
    ...named,
  ].join("\n");
}

function countOf(word: Word, words: ReadonlyMap<string, Word>): number {
  return [...words.values()].filter((each) => each === word).length;
}
