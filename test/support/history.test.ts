import { describe, expect, test } from "bun:test";
import { type Announced, type Found, type Sent, violations } from "./history.ts";

const one: Sent = { file: "f", version: "one", revision: 1 };
const two: Sent = { file: "f", version: "two", revision: 2 };
const unanswered: Sent = { file: "f", version: "three", revision: null };

describe("a history that holds", () => {
  const cases: readonly (readonly [string, readonly Sent[], readonly Found[], readonly Announced[]])[] = [
    ["of nothing", [], [], []],
    ["of what was answered", [one, two], [found("two", 2)], [announced(1), announced(2)]],
    [
      "whose first announcement was made needless by the second",
      [one, two],
      [found("two", 2)],
      [announced(2)],
    ],
    ["with an announcement that came twice", [one], [found("one", 1)], [announced(1), announced(1)]],
    [
      "whose last change was not answered and is absent",
      [one, unanswered],
      [found("one", 1)],
      [announced(1)],
    ],
    [
      "whose last change was not answered and is there",
      [one, unanswered],
      [found("three", 2)],
      [announced(2)],
    ],
    ["of which nothing was answered and nothing is there", [unanswered], [], []],
  ];
  test.each(cases)("%s", (_, sent, state, heard) => {
    expect(violations(sent, state, heard)).toEqual([]);
  });
});

describe("a history that does not hold is told why", () => {
  const cases: readonly (readonly [string, readonly Sent[], readonly Found[], readonly Announced[]])[] = [
    ["f: revision 1 was answered and is not there", [one], [], []],
    ["f: revision 4 was announced and is not there", [unanswered], [], [announced(4)]],
    ["f: what is there was not sent like that", [one], [found("on", 1)], [announced(1)]],
    ["f: what is there is older than answered", [one, two], [found("one", 2)], [announced(2)]],
    ["f: revision 2 was answered, 1 is there", [one, two], [found("two", 1)], [announced(1)]],
    ["f: revision 2 is there, 1 was announced", [one, two], [found("two", 2)], [announced(1)]],
    ["f: revision 1 is there, 0 was announced", [one], [found("one", 1)], []],
    ["f: revision 1 is there, 2 was announced", [one], [found("one", 1)], [announced(2)]],
    ["f: nobody sent it", [], [found("one", 1)], []],
    [
      "f: revision 1 was answered after one that is no lower",
      [one, { ...two, revision: 1 }],
      [found("two", 1)],
      [announced(1)],
    ],
  ];
  test.each(cases)("%s", (problem, sent, state, heard) => {
    expect(violations(sent, state, heard)).toEqual([problem]);
  });
});

function found(version: string, revision: number): Found {
  return { file: "f", version, revision };
}

function announced(revision: number): Announced {
  return { file: "f", revision };
}
