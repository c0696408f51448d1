import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { DEVICE_ACCOUNT } from "../scripts/broker-files.mjs";
import { reasonOf, Stop, WRONG_USAGE } from "../scripts/cli.mjs";
import { signingKeyPaths } from "../scripts/start-plan.mjs";
import type { BrokerAccount } from "./listener.ts";
import type { Shares } from "./traits.ts";

export const USAGE = `npm run simulate -- [--devices 200] [options]

Starts simulated devices against a running service: each subscribes over MQTT 5, fetches its config and its firmware over
HTTP, and keeps account of what it has. Ends with how the fleet converged, by its own word and by the service's, once all
have caught up, at --minutes or at Ctrl-C.

  --devices N          how many (200)
  --sleeping, --lossy, --slow, --wrong PERCENT
                       how many of them hear no announcements and only look now and then (10), have lines that
                       break in the middle of an update (10), have slow ones (10), or firmware that goes back to
                       what it was, or is another chip's (5)
  --firmware NAME      the asset that they all run (simulated.bin)
  --make               make what they need: a config for each, and two revisions of the firmware. The curve shows the
                       second one
  --signing-key PATH   what --make signs uploads with (the key that npm start made in DATA_DIR)
  --url URL            the service (http://127.0.0.1:3201)
  --mqtt-url URL       the broker (MQTT_URL, else mqtt://127.0.0.1:1883), with the account MQTT_USERNAME and
                       MQTT_PASSWORD, which must be one that may listen; by default the device account of npm start
  --minutes N          the longest it goes on (10)
  --stay               go on when all have caught up
  --seed N             which devices they are: the same seed gives the same ones (1)
  --help               this`;

export interface Arguments {
  readonly help: boolean;
  readonly devices: number;
  readonly shares: Shares;
  readonly firmware: string;
  readonly make: boolean;
  readonly signingKeyPath: string;
  readonly url: string;
  readonly broker: BrokerAccount;
  readonly minutes: number;
  readonly stay: boolean;
  readonly seed: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** MACs have two bytes for the seed and two for the device. */
const MOST = 65_535;
const WEEK_MINUTES = 7 * 24 * 60;

/** Throws a `Stop` with the usage that names what is wrong. */
export function readArguments(args: readonly string[], env: Environment): Arguments {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        devices: { type: "string", default: "200" },
        sleeping: { type: "string", default: "10" },
        lossy: { type: "string", default: "10" },
        slow: { type: "string", default: "10" },
        wrong: { type: "string", default: "5" },
        firmware: { type: "string", default: "simulated.bin" },
        make: { type: "boolean", default: false },
        "signing-key": { type: "string" },
        url: { type: "string", default: `http://127.0.0.1:${env["PORT"] || "3201"}` },
        "mqtt-url": { type: "string" },
        minutes: { type: "string", default: "10" },
        stay: { type: "boolean", default: false },
        seed: { type: "string", default: "1" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const dataDir = resolve(env["DATA_DIR"] || "data");
    const share = (name: "sleeping" | "lossy" | "slow" | "wrong") => number(name, values[name], 0, 100) / 100;
    return {
      help: values.help,
      devices: whole("devices", values.devices, 1, MOST),
      shares: {
        sleeping: share("sleeping"),
        lossy: share("lossy"),
        slow: share("slow"),
        wrong: share("wrong"),
      },
      firmware: values.firmware,
      make: values.make,
      signingKeyPath: values["signing-key"] ?? signingKeyPaths(dataDir).privateKeyPath,
      url: url("url", values.url, ["http:", "https:"]).replace(/\/+$/, ""),
      broker: brokerIn(values["mqtt-url"], env, dataDir),
      minutes: number("minutes", values.minutes, 0.01, WEEK_MINUTES),
      stay: values.stay,
      seed: whole("seed", values.seed, 0, MOST),
    };
  } catch (error) {
    throw new Stop(`${reasonOf(error)}\n\n${USAGE}`, WRONG_USAGE);
  }
}

function brokerIn(given: string | undefined, env: Environment, dataDir: string): BrokerAccount {
  const address = given ?? (env["MQTT_URL"] || "mqtt://127.0.0.1:1883");
  const username = env["MQTT_USERNAME"] || null;
  const password = env["MQTT_PASSWORD"] || fileIn(env["MQTT_PASSWORD_FILE"]);
  const made = join(dataDir, "secrets/device-password");
  const isOurs = username === null && password === null && existsSync(made);
  return {
    url: url("mqtt-url", address, ["mqtt:", "mqtts:"]),
    username: isOurs ? DEVICE_ACCOUNT : username,
    password: isOurs ? fileIn(made) : password,
  };
}

function fileIn(path: string | undefined): string | null {
  return path === undefined || path === "" ? null : readFileSync(path, "utf8").trim();
}

function url(name: string, text: string, schemes: readonly string[]): string {
  const isOne = URL.canParse(text) && schemes.includes(new URL(text).protocol);
  const shown = text.replace(/\/\/.*@/, "//…@"); // There may be a password in it.
  if (!isOne) throw new Error(`--${name} ${shown}: not a URL that begins with ${schemes.join("// or ")}//`);
  return text;
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = number(name, text, least, most);
  if (!Number.isInteger(value)) throw new Error(`--${name} ${text}: not a whole number`);
  return value;
}

function number(name: string, text: string, least: number, most: number): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value >= least && value <= most))
    throw new Error(`--${name} ${text}: not a number from ${least} to ${most}`);
  return value;
}
