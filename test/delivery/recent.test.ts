import { describe, expect, test } from "bun:test";
import { array, assert, constantFrom, property, record } from "fast-check";
import { Recent } from "../../src/delivery/recent.ts";

describe("what was used lately", () => {
  test("is kept, and what was not for longer leaves", () => {
    const recent = new Recent<string>(8);
    for (const name of ["a", "b", "c", "d", "a", "e", "f", "g"]) {
      if (recent.get(name) === undefined) recent.set(name, name.toUpperCase(), 1);
    }
    for (const name of ["a", "e", "f", "g"]) expect(recent.get(name)).toBe(name.toUpperCase());
    for (const name of ["h", "i", "j", "k"]) recent.set(name, name, 1);
    expect(recent.get("b")).toBeUndefined();
  });

  test("never weighs more in all than it may", () => {
    const recent = new Recent<string>(10);
    const names = Array.from({ length: 100 }, (_, index) => `name ${index}`);
    for (const name of names) recent.set(name, name, 1);
    const kept = names.toReversed().filter((name) => recent.get(name) !== undefined);
    expect(kept.length).toBeGreaterThanOrEqual(5);
    expect(kept.length).toBeLessThanOrEqual(10);
  });

  test("does not leave for one that is too heavy, which is not kept, nor what it was before", () => {
    const recent = new Recent<string>(10);
    recent.set("a", "A", 5);
    recent.set("b", "B", 6);
    expect(recent.get("b")).toBeUndefined();
    expect(recent.get("a")).toBe("A");
    recent.set("a", "too heavy now", 6);
    expect(recent.get("a")).toBeUndefined();
  });

  test("is the newest of its name, and there as long as what was used since weighs no more than half", () => {
    const weights = { a: 0, b: 1, c: 2, d: 3, e: 5, f: 6 };
    const name = constantFrom<keyof typeof weights>("a", "b", "c", "d", "e", "f");
    const what = constantFrom("get", "get", "set", "set", "delete");
    const law = property(array(record({ name, what }), { maxLength: 60 }), (steps) => {
      const recent = new Recent<number>(10);
      // The last first. What was deleted has been used as well, and may have made others leave.
      let used: { name: keyof typeof weights; value: number; isGone?: true }[] = [];
      for (const [value, { name, what }] of steps.entries()) {
        const known = used.find((each) => each.name === name && !each.isGone);
        const others = used.filter((each) => each !== known);
        const since = known === undefined ? [] : used.slice(0, used.indexOf(known) + 1);
        const isSure = known !== undefined && since.reduce((sum, each) => sum + weights[each.name], 0) <= 5;
        if (what === "set") {
          recent.set(name, value, weights[name]);
          used = weights[name] > 5 ? others : [{ name, value }, ...others];
        } else if (what === "delete") {
          recent.delete(name);
          if (known !== undefined) known.isGone = true;
        } else {
          const found = recent.get(name);
          if (found !== undefined) expect(found).toBe(known?.value as number);
          if (isSure) expect(found).toBeDefined();
          if (known !== undefined) used = found === undefined ? others : [known, ...others];
        }
      }
    });
    assert(law, { numRuns: 1_000 });
  });
});
