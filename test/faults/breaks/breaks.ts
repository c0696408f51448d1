import type { Break } from "./break.ts";
import { announcementBreaks } from "./of-announcements.ts";
import { deliveryBreaks } from "./of-deliveries.ts";
import { requestBreaks } from "./of-requests.ts";
import { fleetBreaks } from "./of-the-fleet.ts";
import { storeBreaks } from "./of-the-store.ts";
import { uploadBreaks } from "./of-uploads.ts";

/** Every fault that is planted to see that a row notices; docs/testing.md lists them. */
export const breaks: readonly Break[] = [
  ...storeBreaks,
  ...uploadBreaks,
  ...announcementBreaks,
  ...deliveryBreaks,
  ...requestBreaks,
  ...fleetBreaks,
];
