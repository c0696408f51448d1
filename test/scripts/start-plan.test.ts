import { expect, test } from "bun:test";
import { planStart, serviceEnvironment } from "../../scripts/start-plan.mjs";

test("service and broker are for this machine alone unless --lan is given", () => {
  expect(planStart([], {})).toMatchObject({ host: "127.0.0.1", brokerHost: "127.0.0.1", port: 3201 });
  expect(planStart(["--lan"], {})).toMatchObject({ host: "0.0.0.0", brokerHost: "0.0.0.0" });
});

test("HOST, PORT and DATA_DIR are followed, and an empty one counts as unset", () => {
  const env = { HOST: "192.0.2.7", PORT: "80", DATA_DIR: "/srv/iot" };
  expect(planStart(["--lan"], env)).toMatchObject({ host: "192.0.2.7", port: 80, dataDir: "/srv/iot" });
  const empty = { HOST: "", PORT: "", DATA_DIR: "" };
  expect(planStart([], empty)).toEqual(planStart([], {}));
});

test("a demo has data, a broker and a key of its own, whatever is set for the real one", () => {
  const env = { DATA_DIR: "/srv/iot", MQTT_URL_FILE: "/run/mqtt", SIGNING_KEY_PATH: "/etc/iot/key.pem" };
  const plan = planStart(["--demo"], env);
  expect(plan).toMatchObject({ dataDir: "/srv/iot-demo", ownBroker: true, ownKey: true });
  expect(serviceEnvironment(plan, env, 1884)).toMatchObject({
    MQTT_URL: "mqtt://127.0.0.1:1884",
    SIGNING_KEY_PATH: "/srv/iot-demo/secrets/signing-key.pub.pem",
  });
  expect(serviceEnvironment(plan, env, 1884)).not.toHaveProperty("MQTT_URL_FILE");
});

const urls = [
  ["127.0.0.1", "http://127.0.0.1:3201"],
  ["0.0.0.0", "http://127.0.0.1:3201"],
  ["192.0.2.7", "http://192.0.2.7:3201"],
  ["::1", "http://[::1]:3201"],
  ["::", "http://127.0.0.1:3201"],
] as const;
test.each(urls)("a service on %s is reached from here at %s", (HOST, url) => {
  expect(planStart([], { HOST }).serviceUrl).toBe(url);
});

test("a broker of ours is started only where MQTT_URL is not set at all", () => {
  expect(planStart([], {}).ownBroker).toBe(true);
  expect(planStart([], { MQTT_URL: "" })).toMatchObject({ ownBroker: false, mqttIsOff: true });
  expect(planStart([], { MQTT_URL: "mqtt://broker" })).toMatchObject({ ownBroker: false, mqttIsOff: false });
  expect(planStart([], { MQTT_URL_FILE: "/run/secrets/mqtt-url" }).ownBroker).toBe(false);
});

test("with a broker of ours the service is given its account, whatever else stood there", () => {
  const env = { MQTT_PASSWORD: "of another broker", LOG_LEVEL: "debug" };
  const given = serviceEnvironment(planStart([], env), env, 1884);
  expect(given).toMatchObject({
    MQTT_URL: "mqtt://127.0.0.1:1884",
    MQTT_USERNAME: "iotsupport",
    LOG_LEVEL: "debug",
  });
  expect(given).not.toHaveProperty("MQTT_PASSWORD");
});

test("a broker and a key that are set are passed on as they are", () => {
  const env = { MQTT_URL: "mqtt://broker", MQTT_PASSWORD: "secret", SIGNING_KEY_PATH: "/etc/iot/key.pem" };
  expect(serviceEnvironment(planStart([], env), env, undefined)).toMatchObject(env);
});
