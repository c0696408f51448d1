import type { Break } from "./break.ts";

/** Of announcements, and of the broker. */
export const announcementBreaks: readonly Break[] = [
  {
    name: "forget an announcement before PUBACK",
    file: "src/announcements/broker.ts",
    find: "    messageId = client.getLastMessageId();",
    replace: `    resolve("acknowledged");\n    messageId = client.getLastMessageId();`,
    caughtBy: "R5",
  },
  {
    name: "forget to wake the relay for a change",
    file: "src/announcements/relay.ts",
    find: "      this.#due.hear(change);\n      this.#wake();",
    replace: "      this.#due.hear(change);",
    caughtBy: "R20",
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
    rounds: 10,
  },
  {
    name: "wait for a hung broker for ever",
    file: "src/announcements/broker.ts",
    find: "client.stream.destroy();",
    replace: "",
    caughtBy: "R3",
  },
];
