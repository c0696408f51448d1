import type { Broker, Relay } from "./announcements/index.ts";
import type { StateCounts } from "./fleet/index.ts";
import type { Condition, StoreWatch } from "./health/index.ts";
import type { Disk, Readings } from "./ops/index.ts";

/** The parts that health and metrics look at. The broker and the relay are null where no broker is set. */
export interface Vitals {
  readonly watch: StoreWatch;
  readonly broker: Broker | null;
  readonly relay: Relay | null;
  readonly stateCounts: StateCounts;
  readonly disk: Disk;
  readonly now: () => Date;
}

/** How the service is. `life` is what only the service itself can tell. */
export async function conditionOf(
  { watch, broker, relay }: Vitals,
  life: { readonly hasFailed: boolean; readonly isDraining: boolean },
): Promise<Condition> {
  const counts = await watch.counts();
  return {
    storeTrouble: watch.trouble,
    hasFailed: life.hasFailed || counts === null,
    isDraining: life.isDraining,
    mqtt: broker === null ? "disabled" : broker.connected ? "connected" : "disconnected",
    mqttTrouble: relay?.trouble ?? null,
    pendingAnnouncements: counts?.pendingAnnouncements ?? null,
  };
}

/** What the gauges show. NaN is what cannot be read now. */
export function readingsOf({ watch, broker, stateCounts, disk, now }: Vitals): Readings {
  return {
    configFiles: async () => (await watch.counts())?.configs ?? Number.NaN,
    pendingAnnouncements: async () => (await watch.counts())?.pendingAnnouncements ?? Number.NaN,
    oldestAnnouncementSeconds: async () => secondsSince((await watch.counts())?.oldestAnnouncement, now()),
    fleetStates: () => stateCounts.read(),
    mqttEnabled: () => broker !== null,
    mqttConnected: () => broker?.connected ?? false,
    storeHealthy: () => watch.trouble === null,
    storeSpace: () => disk.space(),
  };
}

/** 0 where there is no such moment, or the clock was set back to before it; NaN where it is not known. */
function secondsSince(moment: Date | null | undefined, now: Date): number {
  if (moment === undefined) return Number.NaN;
  return moment === null ? 0 : Math.max(0, (now.getTime() - moment.getTime()) / 1000);
}
