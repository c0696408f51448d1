import type { Break } from "./break.ts";

/** Of what devices are given. */
export const deliveryBreaks: readonly Break[] = [
  {
    name: "give devices an older revision than they were told of",
    file: "src/delivery/current-files.ts",
    find: "known === undefined || known.revision < latest.revision",
    replace: "known === undefined",
    caughtBy: "R22",
  },
  {
    name: "serve a part of one version as a part of another",
    file: "src/delivery/answer.ts",
    find: "ifRange === null || ifRangeHolds(ifRange, etag)",
    replace: "ifRange === null || ifRangeHolds(etag, etag)",
    caughtBy: "R22",
  },
  {
    name: "join the bytes of two revisions that were begun at one address",
    file: "src/delivery/resumption.ts",
    find: "return isFirst && (othersAtMs === null",
    replace: "return isFirst || (othersAtMs === null",
    caughtBy: "R22",
  },
  {
    name: "take who was forgotten for one who began the newest revision",
    file: "src/delivery/resumption.ts",
    find: "return !this.#wasReplacedLately(offered) || (bornAtMs",
    replace: "return true || (bornAtMs",
    caughtBy: "R22",
  },
  {
    name: "let a fetched config be kept for a minute",
    file: "src/delivery/answer.ts",
    find: `const ofConfigs = new Headers({ "Content-Type": "application/json", "Cache-Control": "no-cache" });`,
    replace: `const ofConfigs = new Headers({ "Content-Type": "application/json", "Cache-Control": "max-age=60" });`,
    caughtBy: "A12",
    rounds: 1,
  },
];
