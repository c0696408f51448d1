import { createTwoFilesPatch } from "diff";
import { compare } from "fast-json-patch";

/** Contents of more values than this are not compared, as all else would have to wait for it. */
const MOST_VALUES = 20_000;
/** Nor are lines compared for longer: the work grows with the square of how many differ. */
const MOST_MS = 100;

/**
 * The JSON Patch (RFC 6902) that makes `to` of `from`, as JSON text; both are JSON texts of objects. Numbers stand in it as
 * they were written, so that what a parser would round is told apart too. Where there is too much to compare, or each
 * change would take a long path to say, it replaces the whole.
 */
export function jsonPatch(from: string, to: string): string {
  const [before, after] = [read(from), read(to)];
  const changes = areComparable(before, after) ? compare(before.content, after.content) : null;
  const pathLength = (changes ?? []).reduce((sum, { path }) => sum + path.length, 0);
  if (changes === null || pathLength > MOST_VALUES + from.length + to.length) {
    return print([{ op: "replace", path: "", value: after.content }]);
  }
  return print(changes);
}

/** The same for people: a unified diff of both, one member a line. */
export function textDiff(from: Named, to: Named): string {
  const [before, after] = [read(from.content), read(to.content)];
  const patch = areComparable(before, after)
    ? createTwoFilesPatch(from.name, to.name, linesOf(before), linesOf(after), "", "", {
        context: 3,
        timeout: MOST_MS,
      })
    : undefined;
  return patch ?? `--- ${from.name}\n+++ ${to.name}\n(too much to be compared line by line)\n`;
}

interface Named {
  readonly name: string;
  readonly content: string;
}

/** Strings that stand for numbers, and those that happen to look like it. */
const NUMBER = "\0n";
const STRING = "\0s";

interface Read {
  readonly content: object;
  /** How many values are in it, itself among them. */
  readonly values: number;
}

function areComparable(before: Read, after: Read): boolean {
  return before.values <= MOST_VALUES && after.values <= MOST_VALUES;
}

function linesOf({ content }: Read): string {
  return `${print(content, 2)}\n`;
}

function read(json: string): Read {
  let values = 0;
  const numbersAsWritten = (_: string, value: unknown, { source }: { readonly source: string }) => {
    values += 1;
    if (typeof value === "number") return NUMBER + source;
    return typeof value === "string" && value.startsWith("\0") ? STRING + value : value;
  };
  const content = JSON.parse(json, numbersAsWritten) as object; // Every content is an object.
  return { content, values };
}

function print(value: object, indent = 0): string {
  const asWritten = (_: string, value: unknown) => {
    if (typeof value !== "string") return value;
    if (value.startsWith(NUMBER)) return JSON.rawJSON(value.slice(NUMBER.length));
    return value.startsWith(STRING) ? value.slice(STRING.length) : value;
  };
  return JSON.stringify(value, asWritten, indent);
}
