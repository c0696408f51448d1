import { manySaves } from "./s1-many-saves.ts";
import { largeFleet } from "./s2-large-fleet.ts";
import { longOutage } from "./s3-long-outage.ts";
import { herd } from "./s4-herd.ts";
import { endurance } from "./s5-endurance.ts";
import type { SoakRow } from "./soak-row.ts";

/** Every row of load and time. */
export const soakRows: readonly SoakRow[] = [manySaves, largeFleet, longOutage, herd, endurance];
