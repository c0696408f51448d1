import { describe, expect, test } from "bun:test";
import { jsonList } from "../../src/http/json-list.ts";
import { within } from "../support/deadline.ts";

describe("a list", () => {
  const lists: readonly (readonly [string, readonly (readonly number[])[]])[] = [
    ["of no page", []],
    ["of an empty page", [[]]],
    ["of one page", [[1, 2]]],
    ["of a page and an empty one", [[1, 2], []]],
    ["of two pages", [[1, 2], [3]]],
    ["of many", [[1], [2, 3], [], [4], [5, 6]]],
  ];
  test.each(lists)("%s is one JSON text with its count", async (_, pages) => {
    const response = await jsonList("rows", pagesOf(pages), () => `,"next":null`);
    const rows = pages.flat();
    expect(response.headers.get("Content-Type")).toBe("application/json");
    expect(await response.text()).toBe(`{"rows":[${rows.join()}],"count":${rows.length},"next":null}`);
  });

  test("that is long is read no further than its client takes it, and not at all once it hangs up", async () => {
    let read = 0;
    let isLeft = false;
    async function* endless() {
      try {
        for (;;) yield [String(read++)];
      } finally {
        isLeft = true;
      }
    }
    const { body } = await jsonList("rows", endless());
    const reader = body?.getReader();
    await reader?.read();
    await reader?.read();
    expect(read).toBeLessThan(6);
    await within(1_000, "the end of its reading", reader?.cancel() ?? Promise.resolve());
    expect(isLeft).toBe(true);
  });

  test("whose beginning cannot be read throws", async () => {
    async function* broken(): AsyncGenerator<string[]> {
      yield await Promise.reject(new Error("the store is closed"));
    }
    await expect(jsonList("rows", broken())).rejects.toThrow("the store is closed");
  });
});

async function* pagesOf(pages: readonly (readonly number[])[]) {
  for (const page of pages) yield page.map(String);
}
