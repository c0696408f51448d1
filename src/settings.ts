import { readFileSync } from "node:fs";
import { isIP } from "node:net";

/** The environment as one checked value, by the contract's table. Whoever needs a part of it is handed that part. */
export type Settings = {
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
  readonly dataDir: string;
  /** null: uploads are off. */
  readonly signingKeyPath: string | null;
  readonly timestampToleranceSeconds: number;
  readonly maxConfigBytes: number;
  readonly maxAssetBytes: number;
  /** null: nothing connects. */
  readonly mqtt: MqttSettings | null;
  readonly uploadStallSeconds: number;
  readonly uploadMaxSeconds: number;
  readonly maxUploads: number;
  /** As browsers send them: `https://ui.example`. */
  readonly corsOrigins: readonly string[];
  /** Our own origin as users see it. */
  readonly publicUrl: string | null;
  /** In lower case, without ports. */
  readonly allowedHosts: readonly string[];
  readonly drainSeconds: number;
  readonly logLevel: LogLevel;
};

export type MqttSettings = {
  /** `mqtt://host:port` or `mqtts://host:port`: never with credentials in it. */
  readonly url: string;
  readonly username: string | null;
  readonly password: string | null;
};

type LogLevel = (typeof logLevels)[number];
const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** Stops the start. The message lists every wrong setting: its name, what it was (no secrets), what is allowed. */
export class SettingsError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`these settings are wrong:\n${problems.map((each) => `  ${each}`).join("\n")}`);
    this.name = "SettingsError";
  }
}

/**
 * Reads and checks all settings at once. An empty setting counts as unset.
 * Touches nothing but `env` and the files that `…_FILE` name. Throws `SettingsError`.
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const given = new Environment(env);
  const settings: Settings = {
    host: given.read("HOST", listenAddress, "127.0.0.1"),
    port: given.read("PORT", wholeNumber(0, 65_535), 3201),
    dataDir: given.read("DATA_DIR", path, "./data"),
    signingKeyPath: given.read("SIGNING_KEY_PATH", path, null),
    timestampToleranceSeconds: given.read("TIMESTAMP_TOLERANCE_SECONDS", wholeNumber(0, YEAR_SECONDS), 300),
    maxConfigBytes: given.read("MAX_CONFIG_BYTES", size(2, 64 * MIB), 256 * KIB),
    maxAssetBytes: given.read("MAX_ASSET_BYTES", size(1, TIB), GIB),
    mqtt: readMqtt(given),
    // The server's own time-outs are whole seconds, and coarse below this.
    uploadStallSeconds: given.read("UPLOAD_STALL_SECONDS", wholeNumber(5, HOUR_SECONDS), 30),
    // Timers end at 2³¹ ms, 24 days.
    uploadMaxSeconds: given.read("UPLOAD_MAX_SECONDS", wholeNumber(5, WEEK_SECONDS), 21_600),
    maxUploads: given.read("MAX_UPLOADS", wholeNumber(1, 10_000), 16),
    corsOrigins: given.read("CORS_ORIGINS", listOf(origin), []),
    publicUrl: given.read("PUBLIC_URL", origin, null),
    allowedHosts: given.read("ALLOWED_HOSTS", listOf(hostName), []),
    drainSeconds: given.read("DRAIN_SECONDS", wholeNumber(0, HOUR_SECONDS), 0),
    logLevel: given.read("LOG_LEVEL", logLevel, "info"),
  };
  if (given.problems.length > 0) throw new SettingsError(given.problems);
  return settings;
}

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const TIB = 1024 * GIB;
const HOUR_SECONDS = 3600;
const WEEK_SECONDS = 7 * 24 * HOUR_SECONDS;
const YEAR_SECONDS = 365 * 24 * HOUR_SECONDS;

/** What one setting may be. */
type Rule<T> = {
  /** Ends the message "…; allowed: ". */
  readonly allowed: string;
  /** undefined: the text is not allowed. */
  readonly parse: (text: string) => T | undefined;
};

/** Reads settings one by one and gathers what is wrong with them instead of stopping at the first. */
class Environment {
  readonly problems: string[] = [];

  constructor(readonly env: Readonly<Record<string, string | undefined>>) {}

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

/** The two parts of a broker's address may come from MQTT_URL or from settings of their own, but not from both. */
function readMqtt(given: Environment): MqttSettings | null {
  const broker = given.readSecret("MQTT_URL", brokerUrl);
  const username = given.readSecret("MQTT_USERNAME", anyText);
  const password = given.readSecret("MQTT_PASSWORD", anyText);
  if (broker === null) return null;
  const both = [
    ...(broker.username !== null && username !== null ? ["MQTT_USERNAME"] : []),
    ...(broker.password !== null && password !== null ? ["MQTT_PASSWORD"] : []),
  ];
  for (const name of both) {
    given.problems.push(`${name} is set, and MQTT_URL has a part for it too; allowed: one of the two`);
  }
  return {
    url: broker.url,
    username: username ?? broker.username,
    password: password ?? broker.password,
  };
}

/** For what is secret: nothing of it is wrong, so nothing of it is ever shown. */
const anyText: Rule<string> = { allowed: "any text", parse: (text) => text };

const path: Rule<string> = {
  allowed: "a path",
  parse: (text) => (text.includes("\0") ? undefined : text),
};

const logLevel: Rule<LogLevel> = {
  allowed: logLevels.join(", "),
  parse: (text) => logLevels.find((level) => level === text),
};

/** RFC 1123 §2.1, and underscores, which container networks put into names. */
const hostName: Rule<string> = {
  allowed: "host names without a port, as iot.example",
  parse: (text) => {
    const isName =
      text.length <= 253 && /^[a-z\d_]([\w-]*[a-z\d])?(\.[a-z\d_]([\w-]*[a-z\d])?)*$/i.test(text);
    return isName ? text.toLowerCase() : undefined;
  },
};

const listenAddress: Rule<string> = {
  allowed: "an IP address or a host name, as 0.0.0.0 or localhost",
  parse: (text) => (isIP(text) === 0 ? hostName.parse(text) : text),
};

/** RFC 6454 §4. What no browser would send as its Origin is refused instead of cut off. */
const origin: Rule<string> = {
  allowed: "http:// or https:// with a host and nothing after its port, as https://iot.example:8443",
  parse: (text) => {
    const url = URL.parse(text);
    if (url === null || !/^https?:$/.test(url.protocol) || !isBare(url) || hasUser(url)) return undefined;
    return url.origin;
  },
};

type BrokerUrl = { readonly url: string; readonly username: string | null; readonly password: string | null };

const brokerUrl: Rule<BrokerUrl> = {
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

function wholeNumber(min: number, max: number): Rule<number> {
  return {
    allowed: `a whole number from ${min} to ${max}`,
    parse: (text) => (/^\d{1,15}$/.test(text) ? within(min, max, Number(text)) : undefined),
  };
}

function size(min: number, max: number): Rule<number> {
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

function within(min: number, max: number, value: number): number | undefined {
  return value >= min && value <= max ? value : undefined;
}

/** Entries between commas, each once, in the order given; spaces around them and empty ones do not count. */
function listOf<T>(rule: Rule<T>): Rule<readonly T[]> {
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
