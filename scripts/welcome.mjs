import { resolve } from "node:path";
import { DEVICE_ACCOUNT } from "./broker-files.mjs";
import { lanAddress } from "./start-plan.mjs";

/**
 * What `npm start` says once all is ready: where things listen, and lines to paste that show the main job.
 *
 * @param {StartPlan} plan
 * @param {OwnBroker} broker
 */
export function welcome(plan, broker) {
  return [
    whereTheyListen(plan, broker),
    ...(plan.lan ? [forTheDevice(plan, broker)] : []),
    ...(broker ? [linesToListen(plan, broker)] : []),
    linesToChangeAndFetch(plan),
    ...(plan.demo ? [linesToSeeDevices(plan)] : []),
    "Ctrl-C ends everything.",
  ].join("\n\n");
}

/** @typedef {import("./start-plan.mjs").StartPlan} StartPlan */
/** @typedef {import("./broker.mjs").Broker | undefined} OwnBroker the one we started, if we did */

/**
 * @param {StartPlan} plan
 * @param {OwnBroker} broker
 */
function whereTheyListen(plan, broker) {
  const theirs = plan.mqttIsOff ? "none: nothing is announced, as MQTT_URL is empty" : "the one at MQTT_URL";
  return `
iotsupport is ready.
  service  ${plan.serviceUrl}   (its API: ${plan.serviceUrl}/api/docs)
  broker   ${broker ? `mqtt://127.0.0.1:${broker.port}   (its log: ${broker.log})` : theirs}
  data     ${plan.dataDir}`;
}

/**
 * @param {StartPlan} plan
 * @param {OwnBroker} broker
 */
function forTheDevice(plan, broker) {
  const address = lanAddress() ?? "this machine's address";
  const http = `Put into a device:
  HTTP      http://${address}:${plan.port}`;
  if (!broker) return http;
  return `${http}
  MQTT      ${address}, port ${broker.port}
  user      ${DEVICE_ACCOUNT}
  password  ${broker.devicePassword}`;
}

/**
 * @param {StartPlan} plan
 * @param {NonNullable<OwnBroker>} broker
 */
function linesToListen(plan, broker) {
  return `Listen as a device does, in a second terminal:
  mosquitto_sub -p ${broker.port} -u ${DEVICE_ACCOUNT} -P "$(cat '${plan.devicePasswordPath}')" -t 'iotsupport/updates/#' -v`;
}

/** @param {StartPlan} plan */
function linesToChangeAndFetch(plan) {
  const config = `${plan.serviceUrl}/api/configs/aa-bb-cc-dd-ee-ff`;
  const lines = `Save a config and fetch it, in another terminal:
  curl -sS -X PUT ${config} -H 'Content-Type: application/json' -d '{"content": {"deviceName": "porch"}}'
  curl -sS ${config}.json`;
  if (!plan.ownKey) return lines;
  return `${lines}

Sign and upload a file, and fetch it:
  head -c 100000 /dev/urandom > /tmp/firmware.bin
  npm run sign -- /tmp/firmware.bin${signOptions(plan)}
  curl -sS ${plan.serviceUrl}/api/assets/firmware.bin | cmp - /tmp/firmware.bin && echo the same`;
}

/** What `npm run sign` cannot know by itself. @param {StartPlan} plan */
function signOptions(plan) {
  const url = plan.serviceUrl === "http://127.0.0.1:3201" ? "" : ` --url ${plan.serviceUrl}`;
  return plan.dataDir === resolve("data") ? url : `${url} --key '${plan.privateKeyPath}'`;
}

/** @param {StartPlan} plan */
function linesToSeeDevices(plan) {
  return `20 simulated devices come now. How far they are:
  curl -sS '${plan.serviceUrl}/api/convergence?file=simulated.bin'
  curl -sS '${plan.serviceUrl}/api/devices?limit=3'`;
}
