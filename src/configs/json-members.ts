import { quote } from "../fault.ts";

/** A stretch of a text, in UTF-16 units: `text.slice(start, end)`. */
export type Span = { readonly start: number; readonly end: number };

/** Why a text was refused, and where: line and column count from 1, the column in UTF-16 units. */
export class JsonError extends Error {
  constructor(
    readonly reason: string,
    readonly line: number,
    readonly column: number,
  ) {
    super(`${reason} at line ${line}, column ${column}`);
    this.name = "JsonError";
  }
}

/**
 * Finds the values of an object's own members in its JSON text (RFC 8259), by their unescaped names, in order, without
 * parsing them: so each can be kept exactly as written. Takes what `JSON.parse` takes, except for a text that is no
 * object, a name that occurs twice in one object, at whatever level, and nesting over `maxDepth` levels, of which the
 * object itself is the first.
 *
 * Time is linear in the text's length, the stack does not grow with it. Throws `JsonError`.
 */
export function readMembers(text: string, maxDepth: number): ReadonlyMap<string, Span> {
  const members = new Map<string, Span>();
  const scanner = new Scanner(text, maxDepth);
  scanner.skipSpace();
  if (!scanner.take(OPEN_BRACE)) throw scanner.unexpected("an object");
  if (maxDepth < 1) throw scanner.tooDeep();
  scanner.skipSpace();
  if (!scanner.take(CLOSE_BRACE)) {
    do {
      scanner.skipSpace();
      const name = scanner.readName(members);
      const start = scanner.at;
      scanner.skipValue(1);
      members.set(name, { start, end: scanner.at });
      scanner.skipSpace();
    } while (scanner.take(COMMA));
    if (!scanner.take(CLOSE_BRACE)) throw scanner.unexpected('"," or "}"');
  }
  scanner.skipSpace();
  if (scanner.at < text.length) throw scanner.unexpected("the end");
  return members;
}

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** What can be asked whether it holds a name already. */
type Names = Pick<ReadonlySet<string>, "has">;

/** Goes over a text from front to back. Each method begins where the last one ended. */
class Scanner {
  at = 0;

  constructor(
    readonly text: string,
    readonly maxDepth: number,
  ) {}

  skipSpace(): void {
    while (isSpace(this.#code())) this.at += 1;
  }

  /** Goes over this one character if it stands here. */
  take(code: number): boolean {
    const isHere = this.#code() === code;
    if (isHere) this.at += 1;
    return isHere;
  }

  /** Reads a member's name and its colon, up to its value. Refuses one that stands among `names` already. */
  readName(names: Names): string {
    const start = this.at;
    if (!this.take(QUOTE)) throw this.unexpected("a name in double quotes");
    const isPlain = this.#skipToQuote();
    const literal = this.text.slice(start, this.at);
    const name: string = isPlain ? literal.slice(1, -1) : JSON.parse(literal);
    if (names.has(name)) throw this.#error(`the name ${quote(name)} occurs twice in one object`, start);
    this.skipSpace();
    if (!this.take(COLON)) throw this.unexpected('":"');
    this.skipSpace();
    return name;
  }

  /** Goes over one value, which lies within `outerDepth` levels. */
  skipValue(outerDepth: number): void {
    /** What is open between the value's begin and here; the names of an object, null for an array. */
    const open: (Set<string> | null)[] = [];
    do {
      if (this.take(OPEN_BRACE)) {
        if (this.#enter(open, new Set(), outerDepth)) continue;
      } else if (this.take(OPEN_BRACKET)) {
        if (this.#enter(open, null, outerDepth)) continue;
      } else {
        this.#skipScalar();
      }
      this.#leave(open);
    } while (open.length > 0);
  }

  /** Goes to the first value of what was opened just now. False: it has none, and ends here. */
  #enter(open: (Set<string> | null)[], names: Set<string> | null, outerDepth: number): boolean {
    if (outerDepth + open.length >= this.maxDepth) throw this.tooDeep();
    this.skipSpace();
    if (this.take(closing(names))) return false;
    open.push(names);
    names?.add(this.readName(names));
    return true;
  }

  /** After a value: goes out of all that ends here, then to the value that comes next, unless nothing is open. */
  #leave(open: (Set<string> | null)[]): void {
    for (let names = open.at(-1); names !== undefined; names = open.at(-1)) {
      this.skipSpace();
      if (this.take(COMMA)) {
        this.skipSpace();
        names?.add(this.readName(names));
        return;
      }
      if (!this.take(closing(names))) throw this.unexpected(names === null ? '"," or "]"' : '"," or "}"');
      open.pop();
    }
  }

  #skipScalar(): void {
    if (this.take(QUOTE)) this.#skipToQuote();
    else if (!this.#skip(scalar)) throw this.unexpected("a value");
  }

  /** Goes over the rest of a string. True: no escapes are in it. Most of any text is strings: so, the tight loop. */
  #skipToQuote(): boolean {
    const { text } = this;
    let isPlain = true;
    let { at } = this;
    for (let code = text.charCodeAt(at); code !== QUOTE; code = text.charCodeAt(at)) {
      if (code >= SPACE && code !== BACKSLASH) {
        at += 1;
        continue;
      }
      this.at = at;
      if (code !== BACKSLASH) throw this.unexpected("a character of a string or its closing quote");
      if (!this.#skip(escaped)) throw this.#error("an escape that JSON does not know", at);
      isPlain = false;
      at = this.at;
    }
    this.at = at + 1;
    return isPlain;
  }

  /** Goes over what this sticky expression matches here. */
  #skip(expression: RegExp): boolean {
    expression.lastIndex = this.at;
    const isHere = expression.test(this.text);
    if (isHere) this.at = expression.lastIndex;
    return isHere;
  }

  /** NaN at the end of the text, which equals nothing. */
  #code(): number {
    return this.text.charCodeAt(this.at);
  }

  tooDeep(): JsonError {
    return this.#error(`nested more than ${this.maxDepth} levels deep`, this.at - 1); // What was opened is behind us.
  }

  unexpected(expected: string): JsonError {
    const code = this.text.codePointAt(this.at);
    const found = code === undefined ? "the end" : quote(String.fromCodePoint(code));
    return this.#error(`expected ${expected}, found ${found}`, this.at);
  }

  #error(reason: string, at: number): JsonError {
    const lines = this.text.slice(0, at).split("\n");
    return new JsonError(reason, lines.length, (lines.at(-1)?.length ?? 0) + 1);
  }
}

/** RFC 8259 §3 and §6. */
const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/y;

/** RFC 8259 §7. */
const escaped = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

function isSpace(code: number): boolean {
  return code === SPACE || code === LINE_FEED || code === TAB || code === CARRIAGE_RETURN;
}

function closing(names: Names | null): number {
  return names === null ? CLOSE_BRACKET : CLOSE_BRACE;
}
