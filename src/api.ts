import manifest from "../package.json" with { type: "json" };
import {
  assetOperations,
  assetRoutes,
  type Collector,
  parseFileName,
  type UploadRules,
} from "./assets/index.ts";
import type { Blobs } from "./blobs/index.ts";
import { configOperations, configRoutes, parseMac } from "./configs/index.ts";
import { askOf, type Delivery, deliveryOperations, deliveryRoutes } from "./delivery/index.ts";
import { firmwareOperations, firmwareRoutes } from "./firmware/index.ts";
import { fleetOperations, fleetRoutes, fleetWitness, type Recorder } from "./fleet/index.ts";
import { type Condition, healthOperations, healthRoutes } from "./health/index.ts";
import { type App, createApp, docsRoutes } from "./http/index.ts";
import type { Images } from "./images/index.ts";
import type { Log, Metrics } from "./ops/index.ts";
import { revisionOperations, revisionRoutes } from "./revisions/index.ts";
import type { Settings } from "./settings.ts";
import type { Store } from "./store/index.ts";

export interface ApiParts {
  readonly settings: Settings;
  readonly store: Store;
  readonly blobs: Blobs;
  readonly images: Images;
  readonly collector: Collector;
  readonly delivery: Delivery;
  readonly recorder: Recorder;
  /** Null where uploads cannot be verified. */
  readonly rules: UploadRules | null;
  readonly condition: () => Promise<Condition>;
  /** Says that an announcement may be due. */
  readonly nudge: () => void;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly now: () => Date;
}

/** All that the service answers over HTTP, and the document that tells of it. */
export function createApi(parts: ApiParts): App {
  const { settings, store, images, delivery, recorder, condition, metrics, log, now } = parts;
  const { maxConfigBytes, maxUploads } = settings;
  const parsers = { parseMac, parseFileName };
  return createApp(
    [
      deliveryRoutes(delivery, parsers),
      configRoutes({ ...parts, maxConfigBytes }),
      assetRoutes({ ...parts, limits: settings, maxUploads }),
      firmwareRoutes({
        store,
        images,
        giver: {
          offerAsset: (filename, c) => delivery.offerAsset(filename, askOf(c)),
          newest: (wanted, c) => delivery.newest(wanted, askOf(c)),
          assetRevision: (filename, revision, c) => delivery.offerAssetRevision(filename, revision, askOf(c)),
          give: (offered, c) => delivery.give(offered, askOf(c)),
          unchanged: (offered, c) => delivery.unchanged(offered, askOf(c)),
        },
        witness: fleetWitness(recorder, store.fleet, parseMac, now),
        ...parsers,
      }),
      revisionRoutes({ store, ...parsers }),
      fleetRoutes({ ...parts, ...parsers }),
      healthRoutes(condition, metrics),
      docsRoutes(documented, manifest.version),
    ],
    settings,
    metrics,
    log,
    now,
  );
}

const documented = [
  deliveryOperations,
  configOperations,
  assetOperations,
  firmwareOperations,
  revisionOperations,
  fleetOperations,
  healthOperations,
];
