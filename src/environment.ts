import { readFileSync } from "node:fs";
import type { Rule } from "./setting-rules.ts";

/** The process's environment, or what stands in for it. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Reads settings one by one and gathers what is wrong with them instead of stopping at the first. */
export class Environment {
  readonly problems: string[] = [];

  constructor(readonly env: Variables) {}

  /** The fallback stands in for an unset setting, and for a wrong one, until `problems` are looked at. */
  read<T, F>(name: string, rule: Rule<T>, fallback: F): T | F {
    return this.#check(name, this.#text(name), rule, fallback);
  }

  /** A setting that may also come as a file, named by `NAME_FILE`. */
  readSecret<T>(name: string, rule: Rule<T>): T | null {
    return this.#check(name, this.#secretText(name), rule, null);
  }

  #check<T, F>(name: string, text: string | null, rule: Rule<T>, fallback: F): T | F {
    if (text === null) return fallback;
    const value = rule.parse(text);
    if (value !== undefined) return value;
    this.problems.push(`${name} is ${quote(withoutSecrets(text))}; allowed: ${rule.allowed}`);
    return fallback;
  }

  #secretText(name: string): string | null {
    const file = `${name}_FILE`;
    const filePath = this.#text(file);
    if (filePath === null) return this.#text(name);
    if (this.#text(name) !== null) {
      this.problems.push(`${name} and ${file} are both set; allowed: one of the two`);
      return null;
    }
    const text = readText(filePath);
    if (text !== null && text !== "") return text;
    this.problems.push(
      `${file} is ${quote(filePath)}; allowed: a readable file of UTF-8 text that is not empty`,
    );
    return null;
  }

  #text(name: string): string | null {
    return this.env[name] || null;
  }
}

/** null: no such file, no right to read it, or not UTF-8. The end of its last line is no part of the text. */
function readText(filePath: string): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(filePath)).replace(/\r?\n$/, "");
  } catch {
    return null; // Which of these it is does not matter: the caller's message says what would do.
  }
}

/**
 * A wrong setting as it may be shown. Of a URL, which may be too broken to parse, nothing that could be a password
 * stays: what stands before an `@`, after a host's colon where a port should be, and from a `?` or `#` on.
 */
function withoutSecrets(text: string): string {
  return text
    .replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/is, "$1…@")
    .replace(/(:\/\/[^/:]*:)(?!\d{1,5}(?:[/,]|$)).*/s, "$1…")
    .replace(/(:\/\/[^?#]*[?#]).*/s, "$1…");
}

function quote(text: string): string {
  return JSON.stringify(text.length > 300 ? `${text.slice(0, 300)}…` : text);
}
