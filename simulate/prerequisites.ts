import { connectAsync } from "mqtt";
import { reasonOf, Stop } from "../scripts/cli.mjs";
import type { BrokerAccount } from "./listener.ts";
import type { ServiceView } from "./service-view.ts";

const CONNECTED_WITHIN_MS = 5_000;

/** Throws a `Stop` that says why, where the broker does not take this account. */
export async function expectBroker({ url, username, password }: BrokerAccount): Promise<void> {
  const { host } = new URL(url);
  try {
    const client = await connectAsync(url, {
      protocolVersion: 5,
      connectTimeout: CONNECTED_WITHIN_MS,
      reconnectPeriod: 0,
      ...(username !== null && { username }),
      ...(password !== null && { password }),
    });
    await client.endAsync();
  } catch (error) {
    const account = username === null ? "without an account" : `as ${username}`;
    throw new Stop(
      `The broker at ${host} takes no device (${account}): ${reasonOf(error) || "no answer"}. Set --mqtt-url, MQTT_USERNAME and MQTT_PASSWORD.`,
    );
  }
}

/** Throws a `Stop` that says what the devices would look for in vain. */
export async function expectFiles(
  view: ServiceView,
  firmware: string,
  macs: readonly string[],
  macPrefix: string,
): Promise<void> {
  const files = await view.files(macPrefix);
  const configured = macs.filter((mac) =>
    files.get(mac)?.some(({ topic, file }) => topic === "configs" && file === `${mac}.json`),
  );
  const missing = [
    ...((await view.newest(firmware)) === null ? [`there is no asset ${firmware}`] : []),
    ...(configured.length < macs.length
      ? [`${macs.length - configured.length} of ${macs.length} devices have no config (${macPrefix}-…)`]
      : []),
  ];
  if (missing.length > 0) {
    throw new Stop(`At ${view.url} ${missing.join(", and ")}. With --make, what is missing is made.`);
  }
}
