import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { readSettings, type Settings, SettingsError } from "../src/settings.ts";

const directory = mkdtempSync(join(tmpdir(), "settings-"));
afterAll(() => rmSync(directory, { recursive: true }));

function fileWith(name: string, text: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

/** The message of the SettingsError that these settings cause. */
function complaint(env: Record<string, string>): string {
  try {
    readSettings(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  throw new Error(`nothing is wrong with ${JSON.stringify(env)}`);
}

const defaults: Settings = {
  host: "127.0.0.1",
  port: 3201,
  dataDir: "./data",
  signingKeyPath: null,
  timestampToleranceSeconds: 300,
  maxConfigBytes: 262_144,
  maxAssetBytes: 1_073_741_824,
  keepRevisions: 20,
  resumeWindowSeconds: 604_800,
  maxUnknownDevices: 1_000,
  deviceTopics: "off",
  reannounces: false,
  homeAssistant: false,
  homeAssistantPrefix: "homeassistant",
  mqtt: null,
  uploadStallSeconds: 30,
  uploadMaxSeconds: 21_600,
  maxUploads: 16,
  corsOrigins: [],
  publicUrl: null,
  allowedHosts: [],
  drainSeconds: 0,
  logLevel: "info",
};

const understood: readonly [name: string, text: string, expected: Partial<Settings>][] = [
  ["HOST", "0.0.0.0", { host: "0.0.0.0" }],
  ["HOST", "::", { host: "::" }],
  ["HOST", "iot.Example", { host: "iot.example" }],
  ["PORT", "0", { port: 0 }],
  ["PORT", "65535", { port: 65_535 }],
  ["MQTT_DEVICE_TOPICS", "only", { deviceTopics: "only" }],
  ["REANNOUNCE", "on", { reannounces: true }],
  ["HOME_ASSISTANT", "on", { homeAssistant: true }],
  ["HOME_ASSISTANT_PREFIX", "home/assistant", { homeAssistantPrefix: "home/assistant" }],
  ["DATA_DIR", "/var/lib/iot support", { dataDir: "/var/lib/iot support" }],
  ["SIGNING_KEY_PATH", "/run/secrets/key.pem", { signingKeyPath: "/run/secrets/key.pem" }],
  ["TIMESTAMP_TOLERANCE_SECONDS", "0", { timestampToleranceSeconds: 0 }],
  ["MAX_CONFIG_BYTES", "1500", { maxConfigBytes: 1500 }],
  ["MAX_CONFIG_BYTES", "256KiB", { maxConfigBytes: 262_144 }],
  ["MAX_ASSET_BYTES", "64MiB", { maxAssetBytes: 67_108_864 }],
  ["MAX_ASSET_BYTES", "64 mib", { maxAssetBytes: 67_108_864 }],
  ["MAX_ASSET_BYTES", "2GiB", { maxAssetBytes: 2_147_483_648 }],
  ["MAX_ASSET_BYTES", "100MB", { maxAssetBytes: 100_000_000 }],
  ["RESUME_WINDOW", "0", { resumeWindowSeconds: 0 }],
  ["RESUME_WINDOW", "90s", { resumeWindowSeconds: 90 }],
  ["RESUME_WINDOW", "12h", { resumeWindowSeconds: 43_200 }],
  ["RESUME_WINDOW", "30 D", { resumeWindowSeconds: 2_592_000 }],
  ["UPLOAD_STALL_SECONDS", "5", { uploadStallSeconds: 5 }],
  ["UPLOAD_MAX_SECONDS", "60", { uploadMaxSeconds: 60 }],
  ["MAX_UPLOADS", "1", { maxUploads: 1 }],
  ["CORS_ORIGINS", "https://ui.example", { corsOrigins: ["https://ui.example"] }],
  [
    "CORS_ORIGINS",
    " HTTPS://UI.example:443/, http://localhost:5173 ,,https://ui.example,",
    { corsOrigins: ["https://ui.example", "http://localhost:5173"] },
  ],
  ["CORS_ORIGINS", "http://[::1]:80", { corsOrigins: ["http://[::1]"] }],
  ["PUBLIC_URL", "https://iot.example/", { publicUrl: "https://iot.example" }],
  [
    "ALLOWED_HOSTS",
    "iot.LAN,my_container, 10.0.0.7",
    { allowedHosts: ["iot.lan", "my_container", "10.0.0.7"] },
  ],
  ["DRAIN_SECONDS", "15", { drainSeconds: 15 }],
  ["LOG_LEVEL", "silent", { logLevel: "silent" }],
];

const wrong: readonly [name: string, text: string][] = [
  ["HOST", "http://localhost"],
  ["HOST", "[::]"],
  ["HOST", "two words"],
  ["PORT", "65536"],
  ["PORT", "-1"],
  ["PORT", "80.5"],
  ["PORT", "0x50"],
  ["PORT", " 80"],
  ["PORT", "1e3"],
  ["DATA_DIR", "a\0b"],
  ["TIMESTAMP_TOLERANCE_SECONDS", "-300"],
  ["TIMESTAMP_TOLERANCE_SECONDS", "NaN"],
  ["TIMESTAMP_TOLERANCE_SECONDS", "5m"],
  ["MAX_CONFIG_BYTES", "0"],
  ["MAX_CONFIG_BYTES", "1GiB"],
  ["MAX_ASSET_BYTES", "64M"],
  ["MAX_ASSET_BYTES", "1.5GiB"],
  ["MAX_ASSET_BYTES", "GiB"],
  ["MAX_ASSET_BYTES", "999999999999999TiB"],
  ["UPLOAD_STALL_SECONDS", "4"],
  ["UPLOAD_MAX_SECONDS", "0"],
  ["MAX_UPLOADS", "0"],
  ["CORS_ORIGINS", "*"],
  ["CORS_ORIGINS", "null"],
  ["CORS_ORIGINS", "ui.example"],
  ["CORS_ORIGINS", "https://*.example"],
  ["CORS_ORIGINS", "https://ui.example/app"],
  ["CORS_ORIGINS", "https://ui.example, ftp://ui.example"],
  ["PUBLIC_URL", "https://iot.example/support"],
  ["PUBLIC_URL", "https://iot.example?x"],
  ["PUBLIC_URL", "https://iot.example,https://other.example"],
  ["ALLOWED_HOSTS", "iot.example:8080"],
  ["ALLOWED_HOSTS", "https://iot.example"],
  ["ALLOWED_HOSTS", "*.example"],
  ["ALLOWED_HOSTS", "-iot"],
  ["DRAIN_SECONDS", "soon"],
  ["MQTT_DEVICE_TOPICS", "yes"],
  ["REANNOUNCE", "true"],
  ["HOME_ASSISTANT", "yes"],
  ["HOME_ASSISTANT_PREFIX", "home/#"],
  ["HOME_ASSISTANT_PREFIX", "/homeassistant"],
  ["LOG_LEVEL", "INFO"],
  ["LOG_LEVEL", "verbose"],
  ["MQTT_URL", "host"],
  ["MQTT_URL", "host:1883"],
  ["MQTT_URL", "mqtt:host"],
  ["MQTT_URL", "mqtt://"],
  ["MQTT_URL", "mqtt://host:0"],
  ["MQTT_URL", "mqtt://host:65536"],
  ["MQTT_URL", "ws://host:9001"],
  ["MQTT_URL", "mqtt://host/topic"],
  ["MQTT_URL", "mqtt://a%20b"],
];

describe("settings", () => {
  test("have the contract's defaults when nothing is set", () => {
    expect(readSettings({})).toEqual(defaults);
  });

  test("that are empty count as unset", () => {
    const empty = Object.fromEntries([...wrong, ...understood].map(([name]) => [name, ""]));
    expect(readSettings({ ...empty, MQTT_PASSWORD: "", MQTT_PASSWORD_FILE: "" })).toEqual(defaults);
  });

  test("that belong to others are ignored", () => {
    expect(readSettings({ PATH: "/bin", PORTS: "x" })).toEqual(defaults);
  });

  test.each(understood)("understand %s=%j", (name, text, expected) => {
    expect(readSettings({ [name]: text })).toEqual({ ...defaults, ...expected });
  });

  test.each(wrong)("refuse %s=%j, and say what it was and what is allowed", (name, text) => {
    const [, line] = complaint({ [name]: text }).split("\n");
    expect(line).toStartWith(`  ${name} is "`);
    expect(line).toMatch(/; allowed: .+$/);
  });

  test("are all named in one message when several are wrong", () => {
    const message = complaint({ PORT: "http", LOG_LEVEL: "loud", MAX_UPLOADS: "many", HOST: "localhost" });
    expect(message).toBe(
      [
        "these settings are wrong:",
        '  PORT is "http"; allowed: a whole number from 0 to 65535',
        '  MAX_UPLOADS is "many"; allowed: a whole number from 1 to 10000',
        '  LOG_LEVEL is "loud"; allowed: trace, debug, info, warn, error, fatal, silent',
      ].join("\n"),
    );
  });

  test("stand in the message escaped, and cut where they are very long", () => {
    const message = complaint({ PORT: `\n\u001b[2J${"9".repeat(10_000)}` });
    expect(message).toContain('PORT is "\\n\\u001b[2J999');
    expect(message.length).toBeLessThan(500);
  });

  test("are read from any text without an error of another kind", () => {
    const names = [...new Set([...wrong, ...understood].map(([name]) => name))];
    const environment = fc.dictionary(fc.constantFrom(...names), fc.string({ unit: "binary" }));
    const law = fc.property(environment, (env) => {
      try {
        readSettings(env);
      } catch (error) {
        expect(error).toBeInstanceOf(SettingsError);
      }
    });
    fc.assert(law);
  });
});

describe("the broker's address", () => {
  const addresses: readonly [text: string, expected: Settings["mqtt"]][] = [
    ["mqtt://broker", { url: "mqtt://broker:1883", username: null, password: null }],
    ["mqtts://broker/", { url: "mqtts://broker:8883", username: null, password: null }],
    ["MQTT://Broker.Lan:1884", { url: "mqtt://broker.lan:1884", username: null, password: null }],
    ["mqtt://[::1]", { url: "mqtt://[::1]:1883", username: null, password: null }],
    ["mqtt://ann@broker", { url: "mqtt://broker:1883", username: "ann", password: null }],
    ["mqtts://a%40n:p%3A%2F@b:1", { url: "mqtts://b:1", username: "a@n", password: "p:/" }],
  ];
  test.each(addresses)("is split off from its user part: %s", (text, expected) => {
    expect(readSettings({ MQTT_URL: text }).mqtt).toEqual(expected);
  });

  test("comes apart into exactly the user and the password that were put in", () => {
    const word = fc.string({ unit: "grapheme", minLength: 1 });
    const law = fc.property(word, word, (username, password) => {
      const text = `mqtt://${encodeURIComponent(username)}:${encodeURIComponent(password)}@broker`;
      expect(readSettings({ MQTT_URL: text }).mqtt).toEqual({
        url: "mqtt://broker:1883",
        username,
        password,
      });
    });
    fc.assert(law);
  });

  test("takes a user and a password from settings of their own", () => {
    const env = { MQTT_URL: "mqtt://broker", MQTT_USERNAME: "ann", MQTT_PASSWORD: "secret" };
    expect(readSettings(env).mqtt).toEqual({
      url: "mqtt://broker:1883",
      username: "ann",
      password: "secret",
    });
  });

  test("takes the user from the URL and the password from a setting", () => {
    const env = { MQTT_URL: "mqtt://ann@broker", MQTT_PASSWORD: "secret" };
    expect(readSettings(env).mqtt).toEqual({
      url: "mqtt://broker:1883",
      username: "ann",
      password: "secret",
    });
  });

  test("is refused when its user part and the settings disagree on who says it", () => {
    const env = { MQTT_URL: "mqtt://ann:hunter2@broker", MQTT_USERNAME: "bob", MQTT_PASSWORD: "hunter3" };
    const message = complaint(env);
    expect(message).toContain("MQTT_USERNAME is set, and MQTT_URL has a part for it too");
    expect(message).toContain("MQTT_PASSWORD is set, and MQTT_URL has a part for it too");
    expect(message).not.toMatch(/ann|bob|hunter/);
  });

  test("leaves MQTT off when only a user and a password are set", () => {
    expect(readSettings({ MQTT_USERNAME: "ann", MQTT_PASSWORD: "secret" }).mqtt).toBeNull();
  });

  const leaks = [
    "mqtt://ann:hunter2@broker:none",
    "mqtt://ann:hunter2",
    "mqtt://ann:hun@ter:hunter2@broker/x",
    "mqtt://ann:/hunter2?#@broker",
    "mqtt://ann:%hunter2@broker",
    "ann:hunter2@broker",
    "http://ann:hunter2@broker",
    "mqtt://broker?password=hunter2",
    "mqtt://broker#hunter2",
    "mqtt://ann:x@one,mqtt://ann:hunter2@two",
  ];
  test.each(leaks)("is never shown with a user or a password: %s", (url) => {
    const message = complaint({ MQTT_URL: url, PUBLIC_URL: url, CORS_ORIGINS: `https://ui.example,${url}` });
    expect(message).not.toContain("hunter2");
    expect(message.match(/allowed: /g)).toHaveLength(3);
  });
});

describe("a secret's file", () => {
  test("gives its text without the newline at its end", () => {
    const env = {
      MQTT_URL_FILE: fileWith("url", "mqtts://broker\n"),
      MQTT_USERNAME_FILE: fileWith("username", "ann"),
      MQTT_PASSWORD_FILE: fileWith("password", " p w \n\r\n"),
    };
    expect(readSettings(env).mqtt).toEqual({
      url: "mqtts://broker:8883",
      username: "ann",
      password: " p w \n",
    });
  });

  test("is refused besides the setting itself", () => {
    const env = { MQTT_PASSWORD: "hunter2", MQTT_PASSWORD_FILE: fileWith("second", "hunter3") };
    const message = complaint(env);
    expect(message).toContain("MQTT_PASSWORD and MQTT_PASSWORD_FILE are both set; allowed: one of the two");
    expect(message).not.toContain("hunter");
  });

  const unreadable = [
    join(directory, "missing"),
    directory,
    fileWith("empty", "\n"),
    fileWith("latin1", new Uint8Array([0x68, 0xe9])),
  ];
  test.each(unreadable)("is refused when nothing can be read from it: %s", (path) => {
    expect(complaint({ MQTT_PASSWORD_FILE: path })).toContain(
      `MQTT_PASSWORD_FILE is ${JSON.stringify(path)}; allowed: a readable file`,
    );
  });

  test("with a wrong URL in it does not show the password", () => {
    const message = complaint({ MQTT_URL_FILE: fileWith("wrong", "http://ann:hunter2@broker") });
    expect(message).toContain('MQTT_URL is "http://…@broker"; allowed: mqtt://');
  });

  test("is no way to give a setting that is no secret", () => {
    expect(readSettings({ PORT_FILE: fileWith("port", "1") }).port).toBe(3201);
  });
});
