import { describe, expect, test } from "bun:test";
import { array, assert, boolean, constantFrom, integer, property, record } from "fast-check";
import { Recent } from "../../src/delivery/recent.ts";

describe("what was used lately", () => {
  test("is kept as long as all together are within their weight; the least recently used leaves", () => {
    const recent = new Recent<string>(10);
    recent.set("a", "A", 4);
    recent.set("b", "B", 4);
    expect(recent.get("a")).toBe("A");
    recent.set("c", "C", 4);
    expect(recent.get("b")).toBeUndefined();
    expect([recent.get("a"), recent.get("c")]).toEqual(["A", "C"]);
  });

  test("leaves for a heavier one, as many as it takes", () => {
    const recent = new Recent<string>(10);
    for (const name of ["a", "b", "c", "d"]) recent.set(name, name, 2);
    recent.set("heavy", "H", 7);
    expect(["a", "b", "c", "d", "heavy"].map((name) => recent.get(name) ?? null)).toEqual([
      null,
      null,
      null,
      "d",
      "H",
    ]);
  });

  test("does not leave for one that is too heavy alone, which is not kept", () => {
    const recent = new Recent<string>(10);
    recent.set("a", "A", 10);
    recent.set("b", "B", 11);
    expect(recent.get("b")).toBeUndefined();
    expect(recent.get("a")).toBe("A");
    recent.set("a", "too heavy now", 11);
    expect(recent.get("a")).toBeUndefined();
  });

  test("is told by a plain list of what was used, the last first", () => {
    const name = constantFrom("a", "b", "c", "d", "e");
    const step = record({ name, weight: integer({ min: 0, max: 12 }), isSet: boolean() });
    const law = property(array(step, { maxLength: 40 }), (steps) => {
      const recent = new Recent<number>(10);
      let model: { name: string; weight: number }[] = [];
      for (const each of steps) {
        const known = model.find((other) => other.name === each.name);
        const rest = model.filter((other) => other.name !== each.name);
        if (each.isSet) {
          recent.set(each.name, each.weight, each.weight);
          model = each.weight > 10 ? rest : [each, ...rest];
          while (model.reduce((sum, { weight }) => sum + weight, 0) > 10) model.pop();
        } else {
          expect(recent.get(each.name)).toBe(known?.weight as number);
          if (known !== undefined) model = [known, ...rest];
        }
      }
    });
    assert(law, { numRuns: 200 });
  });
});
