import { expect } from "bun:test";
import type { Random } from "../../simulate/random.ts";
import { startBroker } from "../support/broker.ts";
import { inEachCase } from "../support/cases.ts";
import { expectRefusal } from "../support/refusal.ts";
import { row } from "../support/row.ts";
import { startLoneService } from "../support/service-process.ts";

const PORCH = "aa-bb-cc-dd-ee-01";
const MACS = [
  ...["%23", "%2b", "%24SYS", "aa-bb-cc-dd-ee-%23%23", "aa-bb-cc-dd-ee-0%00", `${PORCH}%00`, `${PORCH}%0a`],
  ...[`${PORCH}%2f%23`, `%23%2f${PORCH}`, `${PORCH}%e2%80%ae`, "aa-bb-cc-dd-ee-٠١"],
];
const TOPIC_CHARACTERS = ["#", "+", "$", "/", "\0", "%23", "%2b", "%00", "a", "aa-", PORCH] as const;

row(
  "A2",
  "what would be a wildcard in a topic reaches none, and announcing goes on",
  { rounds: { test: 30, full: 3_000 } },
  async (run) => {
    await using broker = await startBroker();
    await using announced = await broker.subscribe("iotsupport/updates/#");
    const { url, username, password } = broker.mqtt;
    await using service = await startLoneService({
      MQTT_URL: url,
      MQTT_USERNAME: username,
      MQTT_PASSWORD: password,
    });
    const drawn = Array.from({ length: run.rounds }, () => macLike(run.random));
    const count = await inEachCase(
      [...MACS, ...drawn].map((mac) => [mac, mac] as const),
      async (mac) => {
        const response = await service.tryToSaveConfig(mac, {});
        const { error } = await expectRefusal(response, 400, "INVALID_OPERATION");
        expect(error).toMatch(/format.*invalid/);
      },
    );
    expect(await service.listConfigs()).toEqual([]);
    expect(await service.health()).toMatchObject({ pending_announcements: 0 });
    run.did("MACs refused", count);

    await service.uploadAsset("#+$SYS", "a file's name may have them: it is no topic");
    expect(await announced.nextMessage()).toMatchObject({
      topic: "iotsupport/updates/assets",
      payload: `{"filename":"#+$SYS"}`,
    });
    await service.saveConfig(PORCH, {});
    expect(await announced.next()).toEqual({ filename: `${PORCH}.json` });
    expect(await announced.upToNow()).toEqual([]);
  },
);

/** Never a MAC: something is always before it. */
function macLike(random: Random): string {
  const text = Array.from({ length: random.int(0, 4) }, () => random.pick(TOPIC_CHARACTERS)).join("");
  return encodeURIComponent(`#${text}`);
}
