import type { Device, FileKey } from "../store/index.ts";
import { AVAILABILITY_TOPIC, INSTALL, topicsOf } from "./topics.ts";

/** What an update entity shows of a device's file. */
export interface Update extends FileKey {
  /** What the device was last seen to have; null where nothing shows that. */
  readonly installed: string | null;
  readonly latest: string;
  /** What was said of the latest one. */
  readonly summary: string | null;
  readonly isFetching: boolean;
  /** From 0 to 100; null where nothing shows it. */
  readonly percent: number | null;
}

/** An entity as Home Assistant is told of it: what it is, and how it is, each on a topic of its own and retained. */
export interface Entity extends FileKey {
  readonly mac: string;
  readonly configTopic: string;
  readonly config: string;
  readonly stateTopic: string;
  readonly state: string;
  /** Names of what these say, and may leave out another time. */
  readonly optional: readonly string[];
}

/** Home Assistant shows no more of it. */
const MOST_OF_A_SUMMARY = 255;

/** By Home Assistant's MQTT discovery of an update entity, and the schema of its state, which takes no other key. */
export function entityOf(prefix: string, device: Device, update: Update): Entity {
  const { kind, name, installed, latest, summary, isFetching, percent } = update;
  const topics = topicsOf(prefix, device.mac, update);
  const isConfig = kind === "configs";
  const title = isConfig ? "Config" : name;
  const config = {
    unique_id: topics.uniqueId,
    name: isConfig ? "Config" : `Firmware ${name}`,
    ...(!isConfig && { device_class: "firmware" }),
    entity_category: "config",
    title,
    state_topic: topics.state,
    command_topic: topics.install,
    payload_install: INSTALL,
    availability_topic: AVAILABILITY_TOPIC,
    qos: 1,
    retain: false,
    device: {
      identifiers: [`iotsupport_${device.mac.replaceAll("-", "")}`],
      connections: [["mac", device.mac.replaceAll("-", ":")]],
      // Left out where nobody gave it one: it would take the place of the name that another integration knows it by.
      ...(device.name !== null && { name: device.name }),
      ...(device.model !== null && { model: device.model }),
    },
    origin: { name: "iotsupport" },
  };
  const state = {
    ...(installed !== null && { installed_version: installed }),
    latest_version: latest,
    title,
    // Also where there is none: left out, that of the revision before would stay.
    release_summary: [...(summary ?? "")].slice(0, MOST_OF_A_SUMMARY).join(""),
    in_progress: isFetching,
    update_percentage: isFetching ? percent : null,
  };
  const optional = { installed_version: installed, name: device.name, model: device.model };
  return {
    mac: device.mac,
    kind,
    name,
    configTopic: topics.config,
    config: JSON.stringify(config),
    stateTopic: topics.state,
    state: JSON.stringify(state),
    optional: Object.entries(optional).flatMap(([key, value]) => (value === null ? [] : [key])),
  };
}
