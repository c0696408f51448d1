import { expect, test } from "bun:test";
import { Glob } from "bun";

/** What a machine can hold of how we write, beside what the linter does: a pattern, and the files that may have it. */
const rules: readonly [rule: string, pattern: RegExp, allowed: readonly string[]][] = [
  [
    "the environment is read in main.ts alone",
    /process\.env\b|Bun\.env\b/,
    ["src/main.ts", "src/cli/main.ts"],
  ],
  ["the time is handed in by main.ts", /Date\.now\(|new Date\(\)/, ["src/main.ts", "src/cli/main.ts"]],
  ["SQL stands in the store alone", /\bdb\.query\(|\.prepare\(/, ["src/store/"]],
  ["nothing is silenced", /@ts-(?:ignore|expect-error|nocheck)|biome-ignore|\bas any\b/, []],
  ["files have no vague names", /from "\.[^"]*\/(?:utils?|common|helpers?|misc)\.ts"/, []],
];

const sources = await Promise.all(
  [...new Glob("src/**/*.ts").scanSync()].map(async (path) => ({ path, text: await Bun.file(path).text() })),
);

test.each(rules)("%s", (_, pattern, allowed) => {
  expect(sources.length).toBeGreaterThan(50);
  const found = sources.filter(({ text }) => pattern.test(text)).map(({ path }) => path);
  expect(found.filter((path) => !allowed.some((each) => path.startsWith(each)))).toEqual([]);
});

test("no file of src is longer than 300 lines", () => {
  const long = sources.filter(({ text }) => text.split("\n").length > 301).map(({ path }) => path);
  expect(long).toEqual([]);
});
