// `npm start`: the whole update service on this machine, from nothing. Node's built-ins only, as it begins without
// node_modules.
import { accessSync, constants, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Broker } from "./broker.mjs";
import { Child } from "./child.mjs";
import { PROJECT, reasonOf, runCommand, Stop, say } from "./cli.mjs";
import { BUN, prepareDependencies } from "./dependencies.mjs";
import { isTaken } from "./ports.mjs";
import { prepareMosquitto } from "./programs.mjs";
import { Running } from "./running.mjs";
import { passwordIn, prepareSigningKey } from "./secrets.mjs";
import { devicesEnvironment, planStart, serviceEnvironment, USAGE } from "./start-plan.mjs";
import { StopSignals } from "./stop-signals.mjs";
import { welcome } from "./welcome.mjs";

await runCommand(async () => {
  const plan = planStart(process.argv.slice(2), process.env);
  if (plan.help) {
    say(USAGE);
    return 0;
  }
  prepareDependencies();
  const mosquitto = plan.ownBroker ? prepareMosquitto() : undefined;
  makeDataDir(plan.dataDir);
  if (plan.ownKey) prepareSigningKey(plan.privateKeyPath, plan.publicKeyPath);

  const running = new Running(plan.dataDir);
  await running.begin();
  try {
    return await startAll(plan, mosquitto, running);
  } finally {
    running.forget();
  }
});

/**
 * Broker first, then the service; they end in the reverse order.
 *
 * @param {import("./start-plan.mjs").StartPlan} plan
 * @param {string | undefined} mosquitto
 * @param {Running} running
 * @returns {Promise<number>} the service's exit code
 */
async function startAll(plan, mosquitto, running) {
  if (await isTaken(plan.port, plan.host)) {
    throw new Stop(
      `Port ${plan.port} on ${plan.host} is taken. Set another: PORT=${plan.port + 1} npm start`,
    );
  }
  const stopSignals = new StopSignals();
  const broker = mosquitto === undefined ? undefined : ourBroker(plan, mosquitto, running);
  /** @type {Child | undefined} */
  let service;
  try {
    await broker?.start();
    service = new Child(BUN, [join(PROJECT, "src/main.ts")], {
      env: serviceEnvironment(plan, process.env, broker?.port),
      stdio: ["ignore", "inherit", "inherit"],
    });
    if (service.pid !== undefined) running.note("service", service.pid);
    stopSignals.passTo(service);
    if (await isReady(plan.serviceUrl, service)) {
      say(welcome(plan, broker));
      if (plan.demo) return await demonstrate(plan, service, broker, running, stopSignals);
    }
    return await service.ended;
  } finally {
    await service?.stop();
    await broker?.stop();
  }
}

/**
 * Simulated devices, which end before the service does.
 *
 * @param {import("./start-plan.mjs").StartPlan} plan
 * @param {Child} service
 * @param {Broker | undefined} broker
 * @param {Running} running
 * @param {StopSignals} stopSignals
 * @returns {Promise<number>} the exit code of the one that failed, else 0
 */
async function demonstrate(plan, service, broker, running, stopSignals) {
  const options = ["--devices", "20", "--wrong", "10", "--make", "--stay"];
  const where = ["--url", plan.serviceUrl, "--signing-key", plan.privateKeyPath];
  const devices = new Child(BUN, [join(PROJECT, "simulate/run.ts"), ...options, ...where], {
    env: devicesEnvironment(plan, process.env, broker?.port),
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (devices.pid !== undefined) running.note("simulated devices", devices.pid);
  stopSignals.passTo(devices);
  await Promise.race([devices.ended, service.ended]);
  await devices.stop();
  await service.stop();
  return (await devices.ended) || (await service.ended);
}

/**
 * @param {import("./start-plan.mjs").StartPlan} plan
 * @param {string} mosquitto
 * @param {Running} running
 */
function ourBroker(plan, mosquitto, running) {
  const options = {
    program: mosquitto,
    folder: plan.brokerFolder,
    host: plan.brokerHost,
    servicePassword: passwordIn(plan.servicePasswordPath),
    devicePassword: passwordIn(plan.devicePasswordPath),
  };
  return new Broker(options, (pid) => running.note("broker", pid));
}

/** @param {string} dataDir */
function makeDataDir(dataDir) {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    accessSync(dataDir, constants.W_OK);
  } catch (error) {
    throw new Stop(
      `DATA_DIR ${dataDir} cannot be written to: ${reasonOf(error)}. Set another, or its permissions.`,
    );
  }
}

/**
 * Waits for it, however long it takes a large database to open; false when the service ended instead.
 *
 * @param {string} serviceUrl
 * @param {Child} service
 */
async function isReady(serviceUrl, service) {
  const LOOK_EVERY_MS = 25;
  while (service.running) {
    const request = fetch(`${serviceUrl}/api/health/ready`, { signal: AbortSignal.timeout(1000) });
    if ((await request.catch(() => undefined))?.ok) return true;
    await pause(LOOK_EVERY_MS);
  }
  return false;
}
