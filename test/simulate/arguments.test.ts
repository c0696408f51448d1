import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { readArguments } from "../../simulate/arguments.ts";
import { tempDir } from "../support/temp-dir.ts";

describe("the simulator's arguments", () => {
  test("are those of the issue by default, with the broker that the service's settings name", () => {
    const env = { MQTT_URL: "mqtts://broker", MQTT_USERNAME: "listener", MQTT_PASSWORD: "secret" };
    expect(readArguments([], env)).toMatchObject({
      devices: 200,
      url: "http://127.0.0.1:3201",
      broker: { url: "mqtts://broker", username: "listener", password: "secret" },
      shares: { sleeping: 0.1, lossy: 0.1, slow: 0.1, wrong: 0.05 },
    });
  });

  test("fall back to the device account that npm start made", async () => {
    await using dir = await tempDir();
    await Bun.write(join(dir.path, "secrets/device-password"), "made");
    expect(readArguments([], { DATA_DIR: dir.path })).toMatchObject({
      broker: { url: "mqtt://127.0.0.1:1883", username: "device", password: "made" },
      signingKeyPath: join(dir.path, "secrets/signing-key.pem"),
    });
  });

  const wrong: readonly (readonly [args: readonly string[], says: string])[] = [
    [["--devices", "0"], "--devices 0: not a number from 1 to 65535"],
    [["--devices", "1.5"], "--devices 1.5: not a whole number"],
    [["--lossy", "101"], "--lossy 101: not a number from 0 to 100"],
    [["--minutes", ""], "--minutes : not a number"],
    [["--url", "ftp://a"], "--url ftp://a: not a URL that begins with http:// or https://"],
    [["--mqtt-url", "http://u:secret@a"], "--mqtt-url http://…@a: not a URL"],
    [["--herd"], "--herd"],
    [["200"], "200"],
  ];
  test.each(wrong)("%p are refused with the usage", (args, says) => {
    expect(() => readArguments(args, {})).toThrow(says);
    expect(() => readArguments(args, {})).toThrow("npm run simulate -- [--devices 200]");
  });
});
