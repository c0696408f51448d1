import type { Measure } from "./measure.ts";
import { announcement } from "./measures/announcement.ts";
import { announcementDrain } from "./measures/announcement-drain.ts";
import { assetGet } from "./measures/asset-get.ts";
import { assetUpload } from "./measures/asset-upload.ts";
import { deviceGet } from "./measures/device-get.ts";
import { deviceTopics } from "./measures/device-topics.ts";
import { durableSave } from "./measures/durable-save.ts";
import { getWhileBusy } from "./measures/get-while-busy.ts";
import { growth } from "./measures/growth.ts";
import { memory } from "./measures/memory.ts";
import { memoryAfterSaves } from "./measures/memory-after-saves.ts";
import { saveTheOldWay } from "./measures/save-the-old-way.ts";
import { start } from "./measures/start.ts";

/** All of them, in the order of the table. */
export const measures: readonly Measure[] = [
  deviceGet,
  assetGet,
  getWhileBusy,
  durableSave,
  saveTheOldWay,
  announcement,
  announcementDrain,
  deviceTopics,
  assetUpload,
  memory,
  memoryAfterSaves,
  start,
  growth,
];
