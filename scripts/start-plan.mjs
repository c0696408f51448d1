import { networkInterfaces } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { DEVICE_ACCOUNT, SERVICE_ACCOUNT } from "./broker-files.mjs";
import { reasonOf, Stop, WRONG_USAGE } from "./cli.mjs";

export const USAGE = `npm start [-- --lan] [-- --demo]

Starts the update service, and beside it an MQTT broker with passwords of its own. Ctrl-C ends both.

  --lan    open both to the local network, and say what to put into a device (default: this machine only)
  --demo   with 20 simulated devices, configs and firmware for them, and a broker of its own, all in a data directory
           beside DATA_DIR (./data-demo): nothing else is touched
  --help   this

Settings come from the environment; the README lists them all. Of interest here:
  PORT, HOST  where the service listens (3201 on 127.0.0.1)
  DATA_DIR    where everything is kept, passwords too (./data)
  MQTT_URL    a broker that you have: none is started; empty: no MQTT at all`;

const LOOPBACK = "127.0.0.1";
const EVERYWHERE = "0.0.0.0";

/**
 * What `npm start` is to do, from its arguments and the environment. Settings are judged by the service alone: they
 * are passed on as they are.
 *
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
export function planStart(args, env) {
  const { lan, demo, help } = readArguments(args);
  const { HOST, PORT, DATA_DIR, MQTT_URL, MQTT_URL_FILE, SIGNING_KEY_PATH } = demo ? withoutOthers(env) : env;
  const host = HOST || (lan ? EVERYWHERE : LOOPBACK);
  const port = PORT || "3201";
  const dataDir = resolve(demo ? `${DATA_DIR || "data"}-demo` : DATA_DIR || "data");
  return {
    help,
    lan,
    demo,
    dataDir,
    host,
    port: Number(port),
    serviceUrl: `http://${fromHere(host)}:${port}`,
    ownBroker: MQTT_URL === undefined && MQTT_URL_FILE === undefined,
    mqttIsOff: MQTT_URL === "",
    brokerHost: lan ? EVERYWHERE : LOOPBACK,
    brokerFolder: join(dataDir, "broker"),
    servicePasswordPath: join(dataDir, "secrets/mqtt-password"),
    devicePasswordPath: join(dataDir, "secrets/device-password"),
    ownKey: SIGNING_KEY_PATH === undefined,
    ...signingKeyPaths(dataDir),
  };
}

/** @typedef {ReturnType<typeof planStart>} StartPlan */

/**
 * The demo key to sign uploads with, and its public half.
 *
 * @param {string} dataDir
 */
export function signingKeyPaths(dataDir) {
  return {
    privateKeyPath: join(dataDir, "secrets/signing-key.pem"),
    publicKeyPath: join(dataDir, "secrets/signing-key.pub.pem"),
  };
}

/**
 * The service's environment: ours, with what it does not say filled in.
 *
 * @param {StartPlan} plan
 * @param {NodeJS.ProcessEnv} env
 * @param {number | undefined} brokerPort of the broker we started, if we did
 */
export function serviceEnvironment(plan, env, brokerPort) {
  const { MQTT_PASSWORD, MQTT_PASSWORD_FILE, MQTT_USERNAME_FILE, MQTT_URL_FILE, ...others } = env;
  const rest = brokerPort === undefined ? env : others;
  return {
    ...rest,
    HOST: plan.host,
    DATA_DIR: plan.dataDir,
    ...(plan.ownKey && { SIGNING_KEY_PATH: plan.publicKeyPath }),
    ...(brokerPort !== undefined && {
      MQTT_URL: `mqtt://${LOOPBACK}:${brokerPort}`,
      MQTT_USERNAME: SERVICE_ACCOUNT,
      MQTT_PASSWORD_FILE: plan.servicePasswordPath,
    }),
  };
}

/**
 * The environment of the simulated devices.
 *
 * @param {StartPlan} plan
 * @param {NodeJS.ProcessEnv} env
 * @param {number | undefined} brokerPort
 */
export function devicesEnvironment(plan, env, brokerPort) {
  return {
    ...serviceEnvironment(plan, env, brokerPort),
    MQTT_USERNAME: DEVICE_ACCOUNT,
    MQTT_PASSWORD_FILE: plan.devicePasswordPath,
  };
}

/** A demonstration tells no device that is there, and uploads with no key that counts. @param {NodeJS.ProcessEnv} env */
function withoutOthers({ MQTT_URL, MQTT_URL_FILE, SIGNING_KEY_PATH, ...rest }) {
  return /** @type {NodeJS.ProcessEnv} */ (rest);
}

/** This machine's address in the local network, for a device to connect to. */
export function lanAddress() {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
}

/** How a listener at `host` is reached from this machine, as it stands in a URL. @param {string} host */
function fromHere(host) {
  if (host === EVERYWHERE || host === "::") return LOOPBACK;
  return host.includes(":") ? `[${host}]` : host;
}

/** @param {string[]} args */
function readArguments(args) {
  const options = /** @type {const} */ ({
    lan: { type: "boolean", default: false },
    demo: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  });
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new Stop(`${reasonOf(error)}\n\n${USAGE}`, WRONG_USAGE);
  }
}
