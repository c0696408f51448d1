import type { Break } from "./break.ts";

/** Of uploads, and of the bytes of assets. */
export const uploadBreaks: readonly Break[] = [
  {
    name: "take a file that is larger than allowed",
    file: "src/assets/receive.ts",
    find: `fileSize: maxBytes,`,
    replace: `fileSize: Number.POSITIVE_INFINITY,`,
    caughtBy: "A4",
    rounds: 1,
  },
  {
    name: "take any number of bytes beside a file",
    file: "src/assets/receive.ts",
    find: `if (bytes <= ENVELOPE_BYTES) return;`,
    replace: `if (bytes >= 0) return;`,
    caughtBy: "A5",
    rounds: 1,
  },
  {
    name: "pass over a second file in a form",
    file: "src/assets/receive.ts",
    find: `form.on("filesLimit", () => refuse(validationFailed("file", "may be there only once")));`,
    replace: "",
    caughtBy: "A5",
    rounds: 1,
  },
  {
    name: "take a timestamp that is a second too old",
    file: "src/assets/timestamp.ts",
    find: `if (Math.abs(aheadSeconds) <= toleranceSeconds) return;`,
    replace: `if (Math.abs(aheadSeconds) <= toleranceSeconds + 1) return;`,
    caughtBy: "A6",
    rounds: 1,
  },
  {
    name: "take a signature for ever",
    file: "src/assets/arrived.ts",
    find: `checkTolerance(timestampMs, arrivedMs, this.rules.toleranceSeconds);`,
    replace: `checkTolerance(timestampMs, arrivedMs, this.rules.toleranceSeconds * 1e9);`,
    caughtBy: "A7",
    rounds: 1,
  },
];
