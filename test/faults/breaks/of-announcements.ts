import type { Break } from "./break.ts";

/** Of announcements, and of the broker. */
export const announcementBreaks: readonly Break[] = [];
