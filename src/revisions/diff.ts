import { createTwoFilesPatch } from "diff";
import { compare } from "fast-json-patch";

/** More lines than this in which two contents differ are not worked out one by one: it would take seconds. */
const MOST_DIFFERENT_LINES = 2_000;

/**
 * The JSON Patch (RFC 6902) that makes `to` of `from`, as JSON text; both are JSON texts of objects. Numbers stand in it as
 * they were written, so that what a parser would round is told apart too.
 */
export function jsonPatch(from: string, to: string): string {
  return print(compare(read(from), read(to)));
}

/** The same for people: a unified diff of both, one member a line. */
export function textDiff(from: Named, to: Named): string {
  const options = { context: 3, maxEditLength: MOST_DIFFERENT_LINES };
  const [before, after] = [from, to].map(({ content }) => `${print(read(content), 2)}\n`);
  const patch = createTwoFilesPatch(from.name, to.name, before ?? "", after ?? "", "", "", options);
  return patch ?? `--- ${from.name}\n+++ ${to.name}\n(more than ${MOST_DIFFERENT_LINES} lines differ)\n`;
}

interface Named {
  readonly name: string;
  readonly content: string;
}

/** Strings that stand for numbers, and those that happen to look like it. */
const NUMBER = "\0n";
const STRING = "\0s";

function read(json: string): object {
  const numbersAsWritten = (_: string, value: unknown, { source }: { readonly source: string }) => {
    if (typeof value === "number") return NUMBER + source;
    return typeof value === "string" && value.startsWith("\0") ? STRING + value : value;
  };
  return JSON.parse(json, numbersAsWritten) as object; // Every content is an object.
}

function print(value: object, indent = 0): string {
  const asWritten = (_: string, value: unknown) => {
    if (typeof value !== "string") return value;
    if (value.startsWith(NUMBER)) return JSON.rawJSON(value.slice(NUMBER.length));
    return value.startsWith(STRING) ? value.slice(STRING.length) : value;
  };
  return JSON.stringify(value, asWritten, indent);
}
