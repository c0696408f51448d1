import { expect, test } from "bun:test";
import { WriteQueue } from "../../src/store/sqlite/write-queue.ts";

const done = (revision: number) => ({ kind: "done", outcome: revision }) as const;

test("the first write goes at once; those behind it gather until they are enough to go beside it, or it has ended", () => {
  const queue = new WriteQueue();
  add(queue, 1);
  expect(queue.begin()).toHaveLength(1);
  add(queue, 7);
  expect(queue.begin()).toBeNull();
  add(queue, 1);
  expect(queue.begin()).toHaveLength(8);
  add(queue, 3);
  expect(queue.begin()).toBeNull();
  queue.end([done(1)]);
  expect(queue.begin()).toBeNull();
  queue.end(Array(8).fill(done(1)));
  expect(queue.begin()).toHaveLength(3);
});

test("no more than three batches are under way", () => {
  const queue = new WriteQueue();
  for (const size of [1, 8, 9]) {
    add(queue, size);
    expect(queue.begin()).toHaveLength(size);
  }
  add(queue, 100);
  expect(queue.begin()).toBeNull();
  queue.end([done(1)]);
  expect(queue.begin()).toHaveLength(100);
});

test("batches end in the order in which they began, each write with its own answer", () => {
  const queue = new WriteQueue();
  add(queue, 1);
  queue.begin();
  add(queue, 8);
  queue.begin();
  expect(queue.end([done(1)]).map(({ write, answer }) => [write[1], answer])).toEqual([["0", done(1)]]);
  const answers = Array.from({ length: 8 }, (_, index) => done(index));
  expect(queue.end(answers).map(({ answer }) => answer)).toEqual(answers);
  expect(queue.isCommitting).toBe(false);
});

test("whatever is under way or waits fails where nothing can be written any more", async () => {
  const queue = new WriteQueue();
  const first = add(queue, 1);
  queue.begin();
  const second = add(queue, 8);
  queue.begin();
  const waiting = add(queue, 1);
  expect(queue.writes).toHaveLength(10);
  queue.abandon(new Error("broken"));
  const ends = await Promise.allSettled([...first, ...second, ...waiting]);
  expect(ends.every(({ status }) => status === "rejected")).toBe(true);
  expect([queue.isEmpty, queue.isCommitting]).toEqual([true, false]);
});

function add(queue: WriteQueue, count: number): Promise<unknown>[] {
  return Array.from({ length: count }, (_, index) => queue.add(["claimBlob", String(index)]));
}
