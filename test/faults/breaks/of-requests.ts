import type { Break } from "./break.ts";

/** Of what is sent against us. */
export const requestBreaks: readonly Break[] = [
  {
    name: "take anything for a MAC",
    file: "src/configs/mac.ts",
    find: `if (!parsed.success) throw invalidMac(text);`,
    replace: `if (!parsed.success && text === "") throw invalidMac(text);
  if (!parsed.success) return text as Mac;`,
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
    name: "set no limit to a body without a length",
    file: "src/http/body.ts",
    find: `if (size > maxBytes) throw payloadTooLarge("body", maxBytes);`,
    replace: "",
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
  {
    name: "let a fetched config be kept for a minute",
    file: "src/delivery/answer.ts",
    find: `const ofConfigs = new Headers({ "Content-Type": "application/json", "Cache-Control": "no-cache" });`,
    replace: `const ofConfigs = new Headers({ "Content-Type": "application/json", "Cache-Control": "max-age=60" });`,
    caughtBy: "A12",
    rounds: 1,
  },
];
