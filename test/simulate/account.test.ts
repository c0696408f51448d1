import { expect, test } from "bun:test";
import {
  type Account,
  afterAsking,
  afterCut,
  afterUnchanged,
  afterWhole,
  nothingYet,
  type Word,
  wordOf,
} from "../../simulate/account.ts";

const NEWEST = { revision: 2, since: 1_000 };
const had = afterWhole(nothingYet, 2, 2_000);
const said = (account: Account, revision: number | null, at: number): Account => ({
  ...account,
  said: { revision, at },
});

const words: readonly (readonly [who: string, account: Account, lastAskedAt: number, word: Word])[] = [
  ["that has asked for nothing", nothingYet, 0, "behind"],
  ["that has the one before", afterWhole(nothingYet, 1, 500), 500, "behind"],
  ["that asked for the one before", afterAsking(nothingYet, 1, 500), 500, "behind"],
  ["that asked for it", afterAsking(nothingYet, 2, 2_000), 2_000, "fetching"],
  ["whose line broke", afterCut(afterAsking(nothingYet, 2, 2_000), 2_500), 2_000, "interrupted"],
  ["that has it", had, 2_000, "fetched"],
  ["that was told that it has it", afterUnchanged(nothingYet, 2, 2_000), 2_000, "fetched"],
  ["that has it and came again later", had, 32_000, "alive"],
  ["that says that it runs it", said(had, 2, 3_000), 3_000, "running"],
  ["that has it, and says that it runs what nobody knows", said(had, null, 3_000), 3_000, "fetched"],
  ["that has it, and says that it runs the one before", said(had, 1, 3_000), 3_000, "reverted"],
  ["that said that it runs the one before, and then took it", said(had, 1, 1_500), 2_000, "fetched"],
  ["that was refused it", { ...nothingYet, refusedAt: 1_500 }, 1_500, "refused"],
  ["that was refused the one before", { ...nothingYet, refusedAt: 500 }, 500, "behind"],
  ["that took it three times", afterWhole(afterWhole(had, 2, 3_000), 2, 4_000), 4_000, "looping"],
];

test.each(words)("a device %s is in the right state", (_, account, lastAskedAt, word) => {
  expect(wordOf(account, NEWEST, lastAskedAt, 40_000)).toBe(word);
});
