import { Environment, type Variables } from "./environment.ts";
import {
  anyText,
  brokerUrl,
  duration,
  GIB,
  hostName,
  KIB,
  listenAddress,
  listOf,
  MIB,
  oneOf,
  origin,
  path,
  size,
  TIB,
  topicName,
  wholeNumber,
} from "./setting-rules.ts";

/** The environment as one checked value, by the table in README.md. Whoever needs a part of it is handed that part. */
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
  /** Of each file, the newest among them; 0: all. */
  readonly keepRevisions: number;
  /**
   * How long after a replacement a download of what was replaced may go on; 0: downloads are not kept on their
   * revision.
   */
  readonly resumeWindowSeconds: number;
  /** Devices that asked for a config that there is not. */
  readonly maxUnknownDevices: number;
  /** null: nothing connects. */
  readonly mqtt: MqttSettings | null;
  /** Whether devices have MQTT topics of their own; `only`: and no others are used. */
  readonly deviceTopics: "off" | "on" | "only";
  /** Whether files that devices are behind on are announced again. */
  readonly reannounces: boolean;
  /** Whether Home Assistant is shown what devices have, and where it looks for entities. */
  readonly homeAssistant: boolean;
  readonly homeAssistantPrefix: string;
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

/** How large a config and an asset may be. */
export type SizeLimits = Pick<Settings, "maxConfigBytes" | "maxAssetBytes">;

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
export function readSettings(env: Variables): Settings {
  return checked(env, (given) => ({
    host: given.read("HOST", listenAddress, "127.0.0.1"),
    port: given.read("PORT", wholeNumber(0, 65_535), 3201),
    dataDir: dataDirIn(given),
    signingKeyPath: given.read("SIGNING_KEY_PATH", path, null),
    timestampToleranceSeconds: given.read("TIMESTAMP_TOLERANCE_SECONDS", wholeNumber(0, YEAR_SECONDS), 300),
    ...sizeLimitsIn(given),
    keepRevisions: given.read("KEEP_REVISIONS", wholeNumber(0, 1_000_000), 20),
    resumeWindowSeconds: given.read("RESUME_WINDOW", duration(0, YEAR_SECONDS), WEEK_SECONDS),
    maxUnknownDevices: given.read("MAX_UNKNOWN_DEVICES", wholeNumber(0, 1_000_000), 1_000),
    mqtt: readMqtt(given),
    deviceTopics: given.read("MQTT_DEVICE_TOPICS", oneOf(["off", "on", "only"]), "off"),
    reannounces: given.read("REANNOUNCE", oneOf(["off", "on"]), "off") === "on",
    homeAssistant: given.read("HOME_ASSISTANT", oneOf(["off", "on"]), "off") === "on",
    homeAssistantPrefix: given.read("HOME_ASSISTANT_PREFIX", topicName, "homeassistant"),
    // The server's own time-outs are whole seconds, and coarse below this.
    uploadStallSeconds: given.read("UPLOAD_STALL_SECONDS", wholeNumber(5, HOUR_SECONDS), 30),
    // Timers end at 2³¹ ms, 24 days.
    uploadMaxSeconds: given.read("UPLOAD_MAX_SECONDS", wholeNumber(5, WEEK_SECONDS), 21_600),
    maxUploads: given.read("MAX_UPLOADS", wholeNumber(1, 10_000), 16),
    corsOrigins: given.read("CORS_ORIGINS", listOf(origin), []),
    publicUrl: given.read("PUBLIC_URL", origin, null),
    allowedHosts: given.read("ALLOWED_HOSTS", listOf(hostName), []),
    drainSeconds: given.read("DRAIN_SECONDS", wholeNumber(0, HOUR_SECONDS), 0),
    logLevel: given.read("LOG_LEVEL", oneOf(logLevels), "info"),
  }));
}

/** Like `readSettings`, for who needs nothing else: the others may be wrong, or secret. */
export function readDataDir(env: Variables): string {
  return checked(env, dataDirIn);
}

/** Like `readSettings`, for who needs nothing else. */
export function readSizeLimits(env: Variables): SizeLimits {
  return checked(env, sizeLimitsIn);
}

/** What `read` makes of the environment, unless it finds something wrong there. */
function checked<T>(env: Variables, read: (given: Environment) => T): T {
  const given = new Environment(env);
  const settings = read(given);
  if (given.problems.length > 0) throw new SettingsError(given.problems);
  return settings;
}

function dataDirIn(given: Environment): string {
  return given.read("DATA_DIR", path, "./data");
}

function sizeLimitsIn(given: Environment): SizeLimits {
  return {
    maxConfigBytes: given.read("MAX_CONFIG_BYTES", size(2, 64 * MIB), 256 * KIB),
    maxAssetBytes: given.read("MAX_ASSET_BYTES", size(1, TIB), GIB),
  };
}

const HOUR_SECONDS = 3600;
const WEEK_SECONDS = 7 * 24 * HOUR_SECONDS;
const YEAR_SECONDS = 365 * 24 * HOUR_SECONDS;

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
