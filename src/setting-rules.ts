import { isIP } from "node:net";

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
export const TIB = 1024 * GIB;

/** What one setting may be. */
export type Rule<T> = {
  /** Ends the message "…; allowed: ". */
  readonly allowed: string;
  /** undefined: the text is not allowed. */
  readonly parse: (text: string) => T | undefined;
};

export function oneOf<T extends string>(words: readonly T[]): Rule<T> {
  return { allowed: words.join(", "), parse: (text) => words.find((word) => word === text) };
}

/** For what is secret: nothing of it is wrong, so nothing of it is ever shown. */
export const anyText: Rule<string> = { allowed: "any text", parse: (text) => text };

export const path: Rule<string> = {
  allowed: "a path",
  parse: (text) => (text.includes("\0") ? undefined : text),
};

/** RFC 1123 §2.1, and underscores, which container networks put into names. */
export const hostName: Rule<string> = {
  allowed: "host names without a port, as iot.example",
  parse: (text) => {
    const isName =
      text.length <= 253 && /^[a-z\d_]([\w-]*[a-z\d])?(\.[a-z\d_]([\w-]*[a-z\d])?)*$/i.test(text);
    return isName ? text.toLowerCase() : undefined;
  },
};

export const listenAddress: Rule<string> = {
  allowed: "an IP address or a host name, as 0.0.0.0 or localhost",
  parse: (text) => (isIP(text) === 0 ? hostName.parse(text) : text),
};

/** RFC 6454 §4. What no browser would send as its Origin is refused instead of cut off. */
export const origin: Rule<string> = {
  allowed: "http:// or https:// with a host and nothing after its port, as https://iot.example:8443",
  parse: (text) => {
    const url = URL.parse(text);
    if (url === null || !/^https?:$/.test(url.protocol) || !isBare(url) || hasUser(url)) return undefined;
    return url.origin;
  },
};

type BrokerUrl = { readonly url: string; readonly username: string | null; readonly password: string | null };

export const brokerUrl: Rule<BrokerUrl> = {
  allowed: "mqtt://host[:1883] or mqtts://host[:8883]; user:password@ before the host is percent-encoded",
  parse: (text) => {
    const url = URL.parse(text);
    const defaultPort = url === null ? undefined : brokerPorts.get(url.protocol);
    if (url === null || defaultPort === undefined || !isBare(url) || url.port === "0") return undefined;
    try {
      return {
        url: `${url.protocol}//${url.hostname.toLowerCase()}:${url.port || defaultPort}`,
        username: decodeURIComponent(url.username) || null,
        password: decodeURIComponent(url.password) || null,
      };
    } catch {
      return undefined; // A percent sign that begins no escape.
    }
  },
};

const brokerPorts = new Map([
  ["mqtt:", "1883"],
  ["mqtts:", "8883"],
]);

/** A scheme, a host, maybe a user and a port, and nothing else but a closing slash. */
function isBare(url: URL): boolean {
  const isHost = url.hostname.startsWith("[") || hostName.parse(url.hostname) !== undefined;
  return isHost && (url.pathname === "" || url.pathname === "/") && url.search === "" && url.hash === "";
}

function hasUser(url: URL): boolean {
  return url.username !== "" || url.password !== "";
}

/** What a topic may begin with (MQTT 5, section 4.7): no wildcards, and no empty level at its ends. */
export const topicName: Rule<string> = {
  allowed: "a topic without wildcards, as homeassistant",
  parse: (text) => (/^[\w.-]+(\/[\w.-]+)*$/.test(text) && text.length <= 200 ? text : undefined),
};

export function wholeNumber(min: number, max: number): Rule<number> {
  return {
    allowed: `a whole number from ${min} to ${max}`,
    parse: (text) => (/^\d{1,15}$/.test(text) ? within(min, max, Number(text)) : undefined),
  };
}

export function size(min: number, max: number): Rule<number> {
  return {
    allowed: `${min} to ${max} bytes, as 1500, 256KiB, 64MiB, 1GiB or 100MB`,
    parse: (text) => {
      const [, digits, unit] = /^(\d{1,15}) ?([a-z]*)$/i.exec(text) ?? [];
      const unitBytes = unitsBytes.get(unit?.toLowerCase() ?? "");
      return digits === undefined || unitBytes === undefined
        ? undefined
        : within(min, max, Number(digits) * unitBytes);
    },
  };
}

const unitsBytes = new Map([
  ["", 1],
  ["b", 1],
  ["kib", KIB],
  ["mib", MIB],
  ["gib", GIB],
  ["tib", TIB],
  ["kb", 1e3],
  ["mb", 1e6],
  ["gb", 1e9],
  ["tb", 1e12],
]);

/** In seconds. */
export function duration(minSeconds: number, maxSeconds: number): Rule<number> {
  return {
    allowed: `${minSeconds} to ${maxSeconds} seconds, as 90s, 15m, 12h or 7d`,
    parse: (text) => {
      const [, digits, unit = ""] = /^(\d{1,9}) ?([smhd]?)$/i.exec(text) ?? [];
      const unitSeconds = unitsSeconds[unit.toLowerCase()];
      return digits === undefined || unitSeconds === undefined
        ? undefined
        : within(minSeconds, maxSeconds, Number(digits) * unitSeconds);
    },
  };
}

const unitsSeconds: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3_600, d: 86_400 };

function within(min: number, max: number, value: number): number | undefined {
  return value >= min && value <= max ? value : undefined;
}

/** Entries between commas, each once, in the order given; spaces around them and empty ones do not count. */
export function listOf<T>(rule: Rule<T>): Rule<readonly T[]> {
  return {
    allowed: `a list, between commas, of ${rule.allowed}`,
    parse: (text) => {
      const entries = text.split(",").map((entry) => entry.trim());
      const values = entries.filter((entry) => entry !== "").map((entry) => rule.parse(entry));
      const allowed = values.filter((value) => value !== undefined);
      return allowed.length === values.length ? [...new Set(allowed)] : undefined;
    },
  };
}
