/** What a device itself knows of one of its files. Times are milliseconds since 1970. */
export interface Account {
  /** The newest revision of which it has had every byte, or was told that it has it. */
  readonly has: Dated | null;
  /** The revision that it asked for last, until it has all of it. */
  readonly asked: (Dated & { readonly isCutOff: boolean }) | null;
  /** What it said that it runs; null for a program that the service never had. */
  readonly said: { readonly revision: number | null; readonly at: number } | null;
  readonly refusedAt: number | null;
  /** When it had the whole of `has` anew, the last first. */
  readonly wholeAt: readonly number[];
}

interface Dated {
  readonly revision: number;
  readonly at: number;
}

export const nothingYet: Account = { has: null, asked: null, said: null, refusedAt: null, wholeAt: [] };

export const afterAsking = (account: Account, revision: number, at: number): Account => ({
  ...account,
  asked: { revision, at, isCutOff: false },
});

export const afterCut = (account: Account, at: number): Account => ({
  ...account,
  asked: account.asked === null ? null : { ...account.asked, at, isCutOff: true },
});

/** All bytes of a revision came. */
export function afterWhole(account: Account, revision: number, at: number): Account {
  const isNew = account.has?.revision !== revision;
  const wholeAt = isNew ? [at] : [at, ...account.wholeAt];
  return { ...account, has: isNew ? { revision, at } : account.has, asked: null, wholeAt };
}

/** The service said that what the device has is the newest. */
export function afterUnchanged(account: Account, revision: number, at: number): Account {
  if (account.has?.revision === revision) return { ...account, asked: null };
  return { ...account, has: { revision, at }, asked: null, wholeAt: [] };
}

/** How a device would put it, in the words of the fleet's view. `behind` is all that a view has for who is expected. */
export type Word =
  | "behind"
  | "fetching"
  | "interrupted"
  | "fetched"
  | "alive"
  | "running"
  | "refused"
  | "reverted"
  | "looping";

/** The revision that there is to have, and since when. */
export interface Newest {
  readonly revision: number;
  readonly since: number;
}

const LOOPING_TIMES = 3;
const HOUR_MS = 3_600_000;
const SETTLED_MS = 30_000;

/** What a device says of a file, given what there is to have and when it asked the service for anything last. */
export function wordOf(account: Account, newest: Newest, lastAskedAt: number, now: number): Word {
  const { has, asked, said, refusedAt, wholeAt } = account;
  if (wholeAt.filter((at) => now - at < HOUR_MS).length >= LOOPING_TIMES) return "looping";
  if (refusedAt !== null && refusedAt >= newest.since) return "refused";
  if (said !== null && said.revision !== null && has !== null) {
    if (said.revision < has.revision && said.at > has.at) return "reverted";
  }
  if (said !== null && said.revision !== null && said.revision >= newest.revision) return "running";
  if (has !== null && has.revision >= newest.revision) {
    return lastAskedAt >= has.at + SETTLED_MS ? "alive" : "fetched";
  }
  if (asked !== null && asked.revision >= newest.revision) return asked.isCutOff ? "interrupted" : "fetching";
  return "behind";
}
