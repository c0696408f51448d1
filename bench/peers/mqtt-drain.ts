// What mqtt.js can do alone: connects, and publishes so many announcements, up to 128 in flight, as many as the relay
// has (src/announcements/relay.ts). `bun mqtt-drain.ts URL USERNAME PASSWORD COUNT`
import { connectAsync } from "mqtt";
import { macs } from "../../test/support/load.ts";

const IN_FLIGHT = 128;
const TOPIC = "iotsupport/updates/configs";

const [url = "", username = "", password = "", count = "0"] = process.argv.slice(2);
const files = macs(Number(count)).values();
const client = await connectAsync(url, { username, password, protocolVersion: 5 });
await Promise.all(Array.from({ length: IN_FLIGHT }, publishInTurn));
await client.endAsync();

async function publishInTurn(): Promise<void> {
  for (const mac of files) {
    await client.publishAsync(TOPIC, JSON.stringify({ filename: `${mac}.json` }), {
      qos: 1,
      properties: {
        payloadFormatIndicator: true,
        contentType: "application/json",
        userProperties: { revision: "1" },
      },
    });
  }
}
