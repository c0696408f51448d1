/** A fault to be planted in the service's own code, and the row that has to notice. */
export interface Break {
  readonly name: string;
  readonly file: string;
  /** Stands there exactly once. */
  readonly find: string;
  readonly replace: string;
  readonly caughtBy: `R${number}` | `A${number}`;
}

/** Each was planted and caught. What looks like an oversight in one of them is the point of it. */
export const breaks: readonly Break[] = [
  {
    name: "answer before the commit is flushed",
    file: "src/store/sqlite/database.ts",
    find: "pragma synchronous = full",
    replace: "pragma synchronous = off",
    caughtBy: "R14",
  },
  {
    name: "skip the flush of an asset's bytes",
    file: "src/blobs/disk-blobs.ts",
    find: "await this.attempts.make(this.file.sync());",
    replace: "",
    caughtBy: "R14",
  },
  {
    name: "skip the flush of the directory that an asset's name is in",
    file: "src/blobs/disk-blobs.ts",
    find: "await this.attempts.make(flush(this.folder));",
    replace: "",
    caughtBy: "R14",
  },
  {
    name: "forget an announcement before PUBACK",
    file: "src/announcements/broker.ts",
    find: "    messageId = client.getLastMessageId();",
    replace: `    resolve("acknowledged");\n    messageId = client.getLastMessageId();`,
    caughtBy: "R5",
  },
  {
    name: "announce what was deleted",
    file: "src/store/sqlite/changes.ts",
    find: "  dropAnnouncement(tx, file);",
    replace: "",
    caughtBy: "R21",
  },
  {
    name: "forget the nudge",
    file: "src/service.ts",
    find: "const nudge = () => relay?.nudge();",
    replace: "const nudge = () => {};",
    caughtBy: "R20",
  },
  {
    name: "take every If-Match as one that holds",
    file: "src/store/sqlite/files.ts",
    find: "precondition.etags.includes(etagOf(current))",
    replace: "true",
    caughtBy: "R23",
  },
  {
    name: "give devices an older revision than they were told of",
    file: "src/delivery/current-files.ts",
    find: "known === undefined || known.revision < latest.revision",
    replace: "known === undefined",
    caughtBy: "R22",
  },
  {
    name: "serve a part of one version as a part of another",
    file: "src/delivery/answer.ts",
    find: "ifRange === null || ifRangeHolds(ifRange, etag)",
    replace: "ifRange === null || ifRangeHolds(etag, etag)",
    caughtBy: "R22",
  },
  {
    name: "join the bytes of two revisions that were begun at one address",
    file: "src/delivery/resumption.ts",
    find: "return isFirst && (othersAtMs === null",
    replace: "return isFirst || (othersAtMs === null",
    caughtBy: "R22",
  },
  {
    name: "take who was forgotten for one who began the newest revision",
    file: "src/delivery/resumption.ts",
    find: "return !this.#wasReplacedLately(offered) || (bornAtMs",
    replace: "return true || (bornAtMs",
    caughtBy: "R22",
  },
  {
    name: "leave what an upload had sent before it was cut off",
    file: "src/blobs/disk-blobs.ts",
    find: "    await rm(this.path, { force: true });",
    replace: "",
    caughtBy: "R15",
  },
  {
    name: "use one client id for every process",
    file: "src/announcements/broker.ts",
    find: "crypto.randomUUID()",
    replace: "1",
    caughtBy: "R7",
  },
  {
    name: "give up once the broker has refused the password",
    file: "src/announcements/broker.ts",
    find: "reconnectOnConnackError: true",
    replace: "reconnectOnConnackError: false",
    caughtBy: "R4",
  },
  {
    name: "wait for a hung broker for ever",
    file: "src/announcements/broker.ts",
    find: "client.stream.destroy();",
    replace: "",
    caughtBy: "R3",
  },
  {
    name: "let a second service in",
    file: "src/store/sqlite/lock.ts",
    find: `lock.run("begin exclusive");`,
    replace: `lock.run("begin");`,
    caughtBy: "R11",
  },
  {
    name: "keep the reserve on a full disk",
    file: "src/store/sqlite/writer.ts",
    find: "    this.reserve.free();",
    replace: "",
    caughtBy: "R12",
  },
  {
    name: "let a file name climb out of its folder",
    file: "src/assets/file-name.ts",
    find: `v.excludes("..", 'must not contain ".."'),`,
    replace: "",
    caughtBy: "A1",
  },
  {
    name: "take names that occur twice",
    file: "src/configs/json-members.ts",
    find: "if (names.has(name))",
    replace: "if (false)",
    caughtBy: "A3",
  },
  {
    name: "take contents of any depth",
    file: "src/configs/content.ts",
    find: "MAX_CONTENT_DEPTH = 64",
    replace: "MAX_CONTENT_DEPTH = 1_000_000",
    caughtBy: "A3",
  },
  {
    name: "take an upload without its signature's proof",
    file: "src/assets/arrived.ts",
    find: "verifySignature(this.rules.key, timestamp, signature);",
    replace: "",
    caughtBy: "A6",
  },
  {
    name: "take an upload of any time",
    file: "src/assets/arrived.ts",
    find: "checkTolerance(timestampMs, arrivedMs, this.rules.toleranceSeconds);",
    replace: "",
    caughtBy: "A6",
  },
  {
    name: "repeat any request id",
    file: "src/http/request-id.ts",
    find: "given !== null && sane.test(given)",
    replace: "given !== null",
    caughtBy: "A9",
  },
  {
    name: "let pages of other sites make changes",
    file: "src/http/browser-guard.ts",
    find: "if (refusal !== null) throw",
    replace: "if (false) throw",
    caughtBy: "A11",
  },
];
