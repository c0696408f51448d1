import { describe, expect, test } from "bun:test";
import { problemsIn } from "./check.ts";
import type { History } from "./events.ts";
import {
  announced,
  deleted,
  deleteOfNothing,
  ended,
  FILE,
  listed,
  lost,
  read,
  readOfNothing,
  refused,
  saved,
} from "./made-up.ts";

const one = saved("one", 1, 0, 10);
const two = saved("two", 2, 20, 30);
const three = saved("three", 3, 40, 50);
const toldOfOne = announced(1, 12);
const toldOfTwo = announced(2, 32);

type Case = readonly [name: string, history: History];

describe("a history that a right service may have is allowed", () => {
  const cases: readonly Case[] = [
    ["nothing at all", []],
    ["a save that is announced", [one, toldOfOne]],
    ["an announcement that comes before the answer", [one, announced(1, 5)]],
    ["an announcement that comes twice", [one, toldOfOne, announced(1, 15)]],
    ["an announcement made needless by a later one", [one, two, toldOfTwo]],
    ["an older announcement after a newer one", [one, two, toldOfTwo, announced(1, 40)]],
    ["a read of what was answered", [one, toldOfOne, read("one", 1, 11, 13)]],
    [
      "reads during a save, of before and of after it",
      [one, two, toldOfTwo, read("one", 1, 21, 24), read("two", 2, 25, 26)],
    ],
    [
      "a read begun before a save and ended after it, of before",
      [one, two, toldOfTwo, read("one", 1, 19, 60)],
    ],
    ["the same, of after", [one, two, toldOfTwo, read("two", 2, 19, 60)]],
    ["saves at once, numbered either way", [saved("a", 2, 0, 10), saved("b", 1, 0, 10), announced(2, 9)]],
    ["nothing found before the first save", [readOfNothing(0, 1), saved("one", 1, 2, 10), toldOfOne]],
    ["nothing found while the first save goes on", [one, toldOfOne, readOfNothing(5, 8)]],
    ["nothing found after a delete", [one, deleted(2, 20, 30), readOfNothing(31, 32)]],
    [
      "made anew after a delete",
      [one, deleted(2, 20, 30), three, announced(3, 51), read("three", 3, 60, 61)],
    ],
    ["a delete of nothing", [deleteOfNothing(0, 1), saved("one", 1, 2, 10), toldOfOne]],
    ["a save that a delete made needless to announce", [one, deleted(2, 20, 30)]],
    ["a save announced while it is deleted", [one, deleted(2, 20, 30), announced(1, 40)]],
    ["a lost save that is absent", [one, toldOfOne, lost("save", 20), read("one", 1, 30, 31)]],
    ["a lost save that is there", [one, lost("save", 20), read("lost at 20", 2, 30, 31), announced(2, 32)]],
    [
      "a lost save that comes late",
      [one, lost("save", 20), read("one", 1, 30, 31), read("lost at 20", 2, 40, 41), announced(2, 42)],
    ],
    ["a lost save told by its announcement alone", [one, lost("save", 20), toldOfTwo]],
    ["a lost save told by a gap", [one, lost("save", 20), three, announced(3, 55)]],
    ["a lost delete told by what is missing", [one, lost("delete", 20), readOfNothing(30, 31)]],
    ["a lost delete told by a gap", [one, toldOfOne, lost("delete", 20), three, announced(3, 55)]],
    [
      "a lost delete between two finds of nothing",
      [one, lost("delete", 20), readOfNothing(25, 26), three, announced(3, 55), read("three", 3, 60, 61)],
    ],
    [
      "gaps that lost changes fill in one way only",
      [
        one,
        lost("save", 20),
        lost("delete", 15),
        saved("four", 4, 40, 50),
        announced(2, 33),
        announced(4, 51),
      ],
    ],
    [
      "a lost save that had happened before the end",
      [one, lost("save", 20), ended(30), read("lost at 20", 2, 50, 51), announced(2, 52)],
    ],
    [
      "a refused save of which nothing came",
      [one, toldOfOne, refused("bad", 400, 20, 21), read("one", 1, 30, 31)],
    ],
    [
      "saves on conditions that hold",
      [
        saved("one", 1, 0, 10, "absent"),
        saved("two", 2, 20, 30, { revision: 1 }),
        saved("three", 3, 40, 50, "present"),
        announced(3, 51),
      ],
    ],
    ["a delete on a condition that holds", [one, deleted(2, 20, 30, { revision: 1 })]],
    ["409 where there is one", [one, toldOfOne, refused("late", 409, 20, 21, "absent")]],
    ["409 while one is saved", [one, toldOfOne, refused("late", 409, 2, 8, "absent")]],
    ["412 where it changed", [one, two, toldOfTwo, refused("late", 412, 40, 41, { revision: 1 })]],
    [
      "412 where there is none",
      [refused("early", 412, 0, 1, "present"), refused("early too", 412, 0, 1, { revision: 1 })],
    ],
    [
      "412 explained by a lost change",
      [one, toldOfOne, lost("save", 20), refused("late", 412, 30, 31, { revision: 1 })],
    ],
    [
      "lists that had it or not while it came and went",
      [
        listed(false, 1, 2),
        one,
        toldOfOne,
        listed(true, 11, 12),
        listed(true, 22, 23),
        listed(false, 24, 25),
        deleted(2, 20, 30),
        listed(false, 31, 32),
      ],
    ],
    [
      "other files between",
      [
        one,
        toldOfOne,
        { ...saved("other", 1, 3, 4), file: "configs/g" },
        { ...announced(1, 5), file: "configs/g" } as History[number],
      ],
    ],
  ];
  test.each(cases)("%s", (_, history) => {
    expect(problemsIn(history, { settled: true })).toEqual([]);
  });

  test("one that is not settled may have announcements to come", () => {
    expect(problemsIn([one], { settled: false })).toEqual([]);
  });
});

describe("a history that a right service cannot have is refused, and told why", () => {
  const cases: readonly (readonly [problem: string, history: History])[] = [
    ["0 is no revision", [saved("one", 0, 0, 10)]],
    ["NaN is no revision", [one, announced(Number.NaN, 20), toldOfOne]],
    ["revision 1 was answered to two changes", [one, saved("two", 1, 20, 30), toldOfOne]],
    [
      "lost at 15 was read as revision 2, which is two",
      [one, lost("save", 15), two, toldOfTwo, read("lost at 15", 2, 40, 41)],
    ],
    ["one was read as revision 2, and is revision 1 too", [one, two, toldOfTwo, read("one", 2, 40, 41)]],
    [
      "one was read as revision 2, and is revision 1 too",
      [one, lost("save", 20), toldOfTwo, read("one", 2, 40, 41)],
    ],
    [
      "lost at 20 was read as revision 3, and is revision 2 too",
      [
        one,
        lost("save", 20),
        lost("save", 21),
        read("lost at 20", 2, 30, 31),
        read("lost at 20", 3, 40, 41),
        announced(3, 42),
      ],
    ],
    [
      "lost at 15 was read as revision 2, which is a delete",
      [one, lost("save", 15), deleted(2, 20, 30), read("lost at 15", 2, 40, 41)],
    ],
    [
      "half of it was read as revision 1, and nobody sent it",
      [one, toldOfOne, read("half of it", 1, 20, 21)],
    ],
    [
      "bad was read as revision 2, though it was refused with 400",
      [one, refused("bad", 400, 20, 21), toldOfTwo, read("bad", 2, 40, 41)],
    ],
    [
      "late was read as revision 2, though it was refused with 409",
      [one, refused("late", 409, 20, 21, "absent"), toldOfTwo, read("late", 2, 40, 41)],
    ],
    [
      "revision 1 was sent after revision 2 was answered",
      [saved("b", 2, 0, 10), saved("a", 1, 20, 30), toldOfTwo],
    ],
    ["revision 2 was sent after revision 2 was announced", [one, two, announced(2, 15)]],
    ["revision 2 was sent after revision 2 was read", [one, two, read("two", 2, 13, 14), toldOfTwo]],
    [
      "revision 3 was sent after revision 4 had happened, since the service ended",
      [
        one,
        toldOfOne,
        saved("two", 2, 12, 13),
        lost("save", 15),
        ended(18),
        three,
        read("lost at 15", 4, 60, 61),
        announced(4, 62),
      ],
    ],
    [
      "revision 1 was read by a request sent after revision 2 was answered",
      [one, two, toldOfTwo, read("one", 1, 31, 33)],
    ],
    [
      "revision 1 was read by a request sent after revision 2 was announced",
      [one, saved("two", 2, 20, 50), announced(2, 25), read("one", 1, 30, 33)],
    ],
    [
      "revision 1 was read by a request sent after revision 2 was read",
      [one, saved("two", 2, 20, 50), read("two", 2, 21, 22), read("one", 1, 30, 33), toldOfTwo],
    ],
    [
      "a read was answered 404 while it was never absent",
      [one, toldOfOne, lost("delete", 20), readOfNothing(30, 31), read("one", 1, 40, 41)],
    ],
    [
      "revision 2 is a save if it is absent, and at revision 1 it was live",
      [one, saved("two", 2, 20, 30, "absent"), toldOfTwo],
    ],
    [
      "revision 1 is a save if it is there, and at revision 0 it was absent",
      [saved("one", 1, 0, 10, "present"), toldOfOne],
    ],
    [
      "revision 3 is a save if it is at revision 1, and at revision 2 it was live",
      [one, two, saved("three", 3, 40, 50, { revision: 1 }), announced(3, 51)],
    ],
    [
      "revision 3 is a delete if it is there, and at revision 2 it was absent",
      [one, deleted(2, 20, 30), deleted(3, 40, 50)],
    ],
    ["a read was answered 404 while it was never absent", [one, toldOfOne, readOfNothing(11, 12)]],
    ["a delete was answered 404 while it was never absent", [one, toldOfOne, deleteOfNothing(11, 12)]],
    ["a save was answered 409 while it was never live", [refused("early", 409, 0, 1, "absent")]],
    ["a save was answered 409 and asks nothing of the file", [one, toldOfOne, refused("odd", 409, 20, 21)]],
    [
      "a save was answered 412 while it was at revision 1 all the time",
      [one, toldOfOne, refused("odd", 412, 20, 21, { revision: 1 })],
    ],
    [
      "revision 2 was answered to nobody, and no request whose answer was lost can have made it",
      [one, three, announced(3, 51)],
    ],
    [
      "revision 3 was answered to nobody, and no request whose answer was lost can have made it",
      [one, lost("save", 20), saved("four", 4, 40, 50), announced(4, 51)],
    ],
    [
      "revision 2 was answered to nobody, and no request whose answer was lost can have made it",
      [one, lost("delete", 20), toldOfTwo],
    ],
    [
      "revision 2 was answered to nobody, and no request whose answer was lost can have made it",
      [one, three, lost("save", 60), announced(3, 51)],
    ],
    [
      "revision 2 was answered to nobody, and no request whose answer was lost can have made it",
      [one, toldOfOne, announced(2, 15), lost("save", 60)],
    ],
    ["it was listed while it was never live", [listed(true, 0, 1)]],
    ["it was not listed while it was never absent", [one, toldOfOne, listed(false, 11, 12)]],
    ["revision 2, a delete, was announced", [one, deleted(2, 20, 30), toldOfTwo]],
    ["revision 1 was not announced: none ever was", [one]],
    ["revision 2 was not announced: the last announced is 1", [one, toldOfOne, two]],
    [
      "revision 2 was not announced: the last announced is 1",
      [one, toldOfOne, lost("save", 20), read("lost at 20", 2, 30, 31)],
    ],
    ["revision 3 was not announced: the last announced is 1", [one, toldOfOne, deleted(2, 20, 30), three]],
    ["revision 1 was not announced: none ever was", [lost("delete", 0), ended(5), saved("one", 1, 10, 20)]],
  ];
  test.each(cases)("%s", (problem, history) => {
    const problems = problemsIn(history, { settled: true });
    expect(problems.map(({ file, text }) => `${file}: ${text}`)).toEqual([`${FILE}: ${problem}`]);
  });

  test("two answers that cannot both be true", () => {
    const history = [saved("one", 1, 0, 50), refused("late", 409, 10, 11, "absent"), readOfNothing(20, 21)];
    expect(problemsIn(history, { settled: false }).map(({ text }) => text)).toEqual([
      "a save was answered 409 while it was never live",
      "a read was answered 404 while it was never absent",
    ]);
  });

  test("what is found of a file to which nobody sent anything", () => {
    const problems = problemsIn([read("one", 1, 0, 1), announced(1, 2)], { settled: false });
    expect(problems.map(({ text }) => text)).toEqual(["one was read as revision 1, and nobody sent it"]);
  });

  test("a number far too high is not told as a million gaps", () => {
    const problems = problemsIn([one, toldOfOne, announced(1_000_000, 20)], { settled: false });
    expect(problems.length).toBeLessThan(50);
  });
});
