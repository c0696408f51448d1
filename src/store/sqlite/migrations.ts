import first from "./migrations/0001-first.sql" with { type: "text" };
import revisions from "./migrations/0002-revisions.sql" with { type: "text" };
import fleet from "./migrations/0003-fleet.sql" with { type: "text" };
import images from "./migrations/0004-images.sql" with { type: "text" };
import announcingAgain from "./migrations/0005-announcing-again.sql" with { type: "text" };
import deviceTopics from "./migrations/0006-device-topics.sql" with { type: "text" };
import checkIns from "./migrations/0007-check-ins.sql" with { type: "text" };
import published from "./migrations/0008-published.sql" with { type: "text" };
import publishingMark from "./migrations/0009-publishing-mark.sql" with { type: "text" };
import outboxNotCounted from "./migrations/0010-outbox-not-counted.sql" with { type: "text" };
import revisionsHoldContents from "./migrations/0011-revisions-hold-contents.sql" with { type: "text" };
import takenBack from "./migrations/0012-taken-back.sql" with { type: "text" };
import forgettingPublished from "./migrations/0013-forgetting-published.sql" with { type: "text" };

/** The schema's history: the n-th brings a database of version n-1 to version n. A released one is never edited. */
export const migrations: readonly string[] = [
  first,
  revisions,
  fleet,
  images,
  announcingAgain,
  deviceTopics,
  checkIns,
  published,
  publishingMark,
  outboxNotCounted,
  revisionsHoldContents,
  takenBack,
  forgettingPublished,
];

/** What a database that this program made is of. */
export const SCHEMA_VERSION = migrations.length;
