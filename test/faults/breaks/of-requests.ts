import type { Break } from "./break.ts";

/** Of what is sent against us. */
export const requestBreaks: readonly Break[] = [
  {
    name: "take names that occur twice",
    file: "src/configs/json-members.ts",
    find: "if (names.has(name))",
    replace: "if (false)",
    caughtBy: "A3",
  },
  {
    name: "take contents of any depth",
    file: "src/configs/content.ts",
    find: "MAX_CONTENT_DEPTH = 64",
    replace: "MAX_CONTENT_DEPTH = 1_000_000",
    caughtBy: "A3",
  },
  {
    name: "repeat any request id",
    file: "src/http/request-id.ts",
    find: "given !== null && sane.test(given)",
    replace: "given !== null",
    caughtBy: "A9",
  },
  {
    name: "let pages of other sites make changes",
    file: "src/http/browser-guard.ts",
    find: "if (refusal !== null) throw",
    replace: "if (false) throw",
    caughtBy: "A11",
  },
  {
    name: "take anything for a MAC",
    file: "src/configs/mac.ts",
    find: `if (!spelling.test(text)) throw invalidMac(text);`,
    replace: `if (text === "") throw invalidMac(text);
  if (!spelling.test(text)) return text as Mac;`,
    caughtBy: "A2",
    rounds: 1,
  },
  {
    name: "parse a content and print it again",
    file: "src/configs/content.ts",
    find: `const content = cut(body, members.get("content"));`,
    replace: `const raw = cut(body, members.get("content"));
  const content = raw === "" ? raw : JSON.stringify(JSON.parse(raw));`,
    caughtBy: "A3",
    rounds: 1,
  },
  {
    name: "take a compressed body as it is",
    file: "src/http/body.ts",
    find: `if (encoding !== null && encoding.toLowerCase() !== "identity") {`,
    replace: `if (encoding !== null && encoding === "") {`,
    caughtBy: "A4",
    rounds: 1,
  },
  {
    name: "read a path where a host would end",
    file: "src/http/app.ts",
    find: `new Hono<Env>({ getPath: pathOf })`,
    replace: `new Hono<Env>()`,
    caughtBy: "A8",
    rounds: 1,
  },
  {
    name: "count a rebound name as ours",
    file: "src/http/browser-guard.ts",
    find: `if (!isOwnHost(host, rules)) {`,
    replace: `if (!isOwnHost(host, rules) && host === "") {`,
    caughtBy: "A11",
    rounds: 1,
  },
];
