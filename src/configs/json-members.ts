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
  let at = skipSpace(text, 0);
  if (text.charCodeAt(at) !== OPEN_BRACE) throw unexpected(text, at, "an object");
  if (maxDepth < 1) throw tooDeep(text, at, maxDepth);
  at = skipSpace(text, at + 1);
  if (text.charCodeAt(at) !== CLOSE_BRACE) {
    for (;;) {
      const name = readName(text, at, members);
      const start = skipColon(text, name.end);
      at = skipValue(text, start, 1, maxDepth);
      members.set(name.name, { start, end: at });
      at = skipSpace(text, at);
      if (text.charCodeAt(at) !== COMMA) break;
      at = skipSpace(text, at + 1);
    }
    if (text.charCodeAt(at) !== CLOSE_BRACE) throw unexpected(text, at, '"," or "}"');
  }
  at = skipSpace(text, at + 1);
  if (at < text.length) throw unexpected(text, at, "the end");
  return members;
}

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const UPPER_E = 0x45;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const LOWER_E = 0x65;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** What can be asked whether it holds a name already. */
type Names = Pick<ReadonlySet<string>, "has">;

// Each of these begins where the one before ended, and gives where it ends itself: as numbers alone, since an object
// that remembers the place takes thrice as long. The code at the end of the text is NaN, which equals nothing.

/** Over one value, which lies within `outerDepth` levels. */
function skipValue(text: string, start: number, outerDepth: number, maxDepth: number): number {
  /** What is open between the value's begin and here; the names of an object, null for an array. */
  const open: (Set<string> | null)[] = [];
  let at = start;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (outerDepth + open.length >= maxDepth) throw tooDeep(text, at, maxDepth);
      const names = code === OPEN_BRACE ? new Set<string>() : null;
      at = skipSpace(text, at + 1);
      if (text.charCodeAt(at) !== closing(names)) {
        open.push(names);
        if (names !== null) at = skipName(text, at, names);
        continue;
      }
      at += 1;
    } else {
      at = skipScalar(text, at);
    }
    // Out of all that ends here, then to the value that comes next.
    for (;;) {
      if (open.length === 0) return at;
      const names = open[open.length - 1] ?? null;
      at = skipSpace(text, at);
      const code = text.charCodeAt(at);
      if (code === COMMA) {
        at = skipSpace(text, at + 1);
        if (names !== null) at = skipName(text, at, names);
        break;
      }
      if (code !== closing(names)) throw unexpected(text, at, names === null ? '"," or "]"' : '"," or "}"');
      at += 1;
      open.pop();
    }
  }
}

/** Over a member's name, which is put among `names`, and its colon, to its value. */
function skipName(text: string, at: number, names: Set<string>): number {
  const { name, end } = readName(text, at, names);
  names.add(name);
  return skipColon(text, end);
}

/** A member's name, unescaped. Refuses one that stands among `names` already. */
function readName(text: string, at: number, names: Names): { readonly name: string; readonly end: number } {
  if (text.charCodeAt(at) !== QUOTE) throw unexpected(text, at, "a name in double quotes");
  const end = skipString(text, at);
  const plain = text.slice(at + 1, end - 1);
  const name: string = plain.includes("\\") ? JSON.parse(text.slice(at, end)) : plain;
  if (names.has(name)) throw errorAt(text, at, `the name ${quote(name)} occurs twice in one object`);
  return { name, end };
}

function skipColon(text: string, at: number): number {
  const colon = skipSpace(text, at);
  if (text.charCodeAt(colon) !== COLON) throw unexpected(text, colon, '":"');
  return skipSpace(text, colon + 1);
}

function skipScalar(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code === QUOTE) return skipString(text, at);
  if (code > ZERO && code <= NINE) {
    const end = skipDigits(text, at);
    const next = text.charCodeAt(end);
    if (next !== POINT && next !== UPPER_E && next !== LOWER_E) return end;
  }
  const end = matchEnd(scalar, text, at);
  if (end === null) throw unexpected(text, at, "a value");
  return end;
}

function skipDigits(text: string, start: number): number {
  let at = start;
  for (let code = text.charCodeAt(at); code >= ZERO && code <= NINE; code = text.charCodeAt(at)) at += 1;
  return at;
}

/** Over a string, from quote to quote. */
function skipString(text: string, start: number): number {
  let at = start + 1;
  for (let code = text.charCodeAt(at); code !== QUOTE; code = text.charCodeAt(at)) {
    if (code >= SPACE && code !== BACKSLASH) {
      at += 1;
      continue;
    }
    if (code !== BACKSLASH) throw unexpected(text, at, "a character of a string or its closing quote");
    const end = matchEnd(escaped, text, at);
    if (end === null) throw errorAt(text, at, "an escape that JSON does not know");
    at = end;
  }
  return at + 1;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

/** Where the match at `at` ends; null if there is none. */
function matchEnd(expression: RegExp, text: string, at: number): number | null {
  expression.lastIndex = at;
  return expression.test(text) ? expression.lastIndex : null;
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

function tooDeep(text: string, at: number, maxDepth: number): JsonError {
  return errorAt(text, at, `nested more than ${maxDepth} levels deep`);
}

function unexpected(text: string, at: number, expected: string): JsonError {
  const code = text.codePointAt(at);
  const found = code === undefined ? "the end" : quote(String.fromCodePoint(code));
  return errorAt(text, at, `expected ${expected}, found ${found}`);
}

function errorAt(text: string, at: number, reason: string): JsonError {
  const lines = text.slice(0, at).split("\n");
  return new JsonError(reason, lines.length, (lines.at(-1)?.length ?? 0) + 1);
}
