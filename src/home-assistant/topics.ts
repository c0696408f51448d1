import { createHash } from "node:crypto";
import type { FileKey } from "../store/index.ts";

/** Whether we are there, for all entities. */
export const AVAILABILITY_TOPIC = "iotsupport/ha/status";
export const ONLINE = "online";
export const OFFLINE = "offline";

/** Where the broker keeps the mark of what it was given last. */
export const MARK_TOPIC = "iotsupport/ha/mark";
/** Sent there at a connect, not to be kept: what the broker has kept comes before it. */
export const MARK_PROBE = "?";

/** What a press of the Install button sends. */
export const INSTALL = "install";
export const INSTALL_TOPICS = "iotsupport/ha/+/+/install";

/** Where Home Assistant says that it is there. */
export function birthTopic(prefix: string): string {
  return `${prefix}/status`;
}

/** The topics that a broker's access control opens to us together with this one. */
export function accessLineOf(prefix: string, topic: string): string {
  const ofDiscovery = `${prefix}/update/`;
  return topic.startsWith(ofDiscovery) ? `${ofDiscovery}#` : "iotsupport/ha/#";
}

export interface EntityTopics {
  readonly config: string;
  readonly state: string;
  readonly install: string;
  /** Of the entity, among all that Home Assistant knows. */
  readonly uniqueId: string;
}

/** Of a device's file. Home Assistant takes letters, digits, hyphens and underscores in its topics. */
export function topicsOf(prefix: string, mac: string, file: FileKey): EntityTopics {
  const device = mac.replaceAll("-", "");
  const entity = entityIdOf(file);
  const state = `iotsupport/ha/${device}/${entity}`;
  return {
    config: `${prefix}/update/iotsupport_${device}/${entity}/config`,
    state,
    install: `${state}/${INSTALL}`,
    uniqueId: `iotsupport_${device}_${entity}`,
  };
}

/** The device whose Install button was pressed; null where this is no such topic. */
export function macOfInstall(topic: string): string | null {
  const [, mac] = /^iotsupport\/ha\/([\da-f]{12})\/[\w-]+\/install$/.exec(topic) ?? [];
  return mac?.replaceAll(/..(?!$)/g, "$&-") ?? null;
}

const CONFIG = "config";

/** Different for each file: a name that does not pass as it is, or looks like another's, ends with its hash. */
function entityIdOf({ kind, name }: FileKey): string {
  if (kind === "configs") return CONFIG;
  if (/^[a-z\d.-]+$/.test(name) && name !== CONFIG) return name.replaceAll(".", "_");
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 12);
  return `${name.replaceAll(/[^A-Za-z\d-]/g, "_").slice(0, 64)}_${hash}`;
}
