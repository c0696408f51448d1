import { Gauge } from "prom-client";
import type { DiskSpace } from "./disk-space.ts";
import type { Metrics } from "./metrics.ts";

/** What is looked up each time the metrics are read. Each must be cheap, and answer soon whatever hangs. */
export interface Readings {
  configFiles(): Promise<number>;
  pendingAnnouncements(): Promise<number>;
  /** How long the one that has its turn first has waited; 0 where none waits. */
  oldestAnnouncementSeconds(): Promise<number>;
  /** How many devices have a file in each state, by the state. */
  fleetStates(): Promise<Readonly<Record<string, number>>>;
  mqttEnabled(): boolean;
  mqttConnected(): boolean;
  /** Whether saves can be made, as far as the last ones have shown. */
  storeHealthy(): boolean;
  storeSpace(): Promise<DiskSpace>;
}

/** Adds the gauges that are looked up when the metrics are read. */
export function addGauges({ registry }: Metrics, readings: Readings): void {
  const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set(await read());
      },
    });
  gauge("iot_config_files_count", "Configs kept", () => readings.configFiles());
  gauge("iot_announcements_pending", "Announcements that the broker has not acknowledged yet", () =>
    readings.pendingAnnouncements(),
  );
  gauge(
    "iot_announcements_oldest_seconds",
    "How long the oldest of them has waited; 0 where none waits",
    () => readings.oldestAnnouncementSeconds(),
  );
  new Gauge({
    name: "iot_fleet_devices",
    help: "Devices that have a file in this state; one with files in several states counts in each",
    labelNames: ["state"],
    registers: [registry],
    async collect() {
      for (const [state, devices] of Object.entries(await readings.fleetStates()))
        this.set({ state }, devices);
    },
  });
  gauge("iot_mqtt_enabled", "Whether a broker is set", () => Number(readings.mqttEnabled()));
  gauge("iot_mqtt_connection_state", "Whether the broker is connected", () =>
    Number(readings.mqttConnected()),
  );
  gauge("iot_store_healthy", "Whether saves can be made", () => Number(readings.storeHealthy()));
  gauge(
    "iot_store_free_bytes",
    "Free space on the file system that DATA_DIR lies on",
    async () => (await readings.storeSpace()).freeBytes,
  );
  gauge(
    "iot_store_size_bytes",
    "Size of that file system, as far as we may use it",
    async () => (await readings.storeSpace()).sizeBytes,
  );
}
