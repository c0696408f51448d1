import { describe, expect, test } from "bun:test";
import { startBroker } from "../support/broker.ts";
import { freePort } from "../support/free-port.ts";
import { signingKey } from "../support/keys.ts";
import { startTestService } from "../support/service.ts";
import { Simulator } from "./simulator.ts";

const TIMEOUT_MS = 120_000;
const NONE_ODD = ["--sleeping", "0", "--lossy", "0", "--slow", "0", "--wrong", "0"];

describe("npm run simulate", () => {
  test(
    "makes what its devices need, and ends once all have caught up, with the curve",
    async () => {
      await using broker = await startBroker();
      await using service = await startTestService({ mqtt: broker.mqtt });
      const key = signingKey().privateKeyPath;
      const args = ["--url", service.url, "--devices", "6", "--make", "--signing-key", key, ...NONE_ODD];
      await using simulator = new Simulator(args, broker.device);
      expect(await simulator.ended()).toBe(0);
      expect(simulator.text).toContain("simulated.bin: who has the newest revision");
      expect(simulator.text).toMatch(/█{40} {2}100\.0 % /);
      expect(simulator.text).toContain("newest revision: firmware ");
      expect(simulator.text).not.toContain("No device heard");
      expect(await service.listConfigs()).toHaveLength(6);
    },
    TIMEOUT_MS,
  );

  test(
    "says that nothing was heard where its account may not listen",
    async () => {
      await using broker = await startBroker();
      await using service = await startTestService({ mqtt: broker.mqtt });
      const key = signingKey().privateKeyPath;
      const args = [
        "--url",
        service.url,
        "--devices",
        "1",
        "--make",
        "--signing-key",
        key,
        "--minutes",
        "0.2",
      ];
      await using simulator = new Simulator([...args, ...NONE_ODD], broker.mqtt);
      expect(await simulator.ended()).toBe(0);
      expect(simulator.text).toContain("No device heard an announcement");
    },
    TIMEOUT_MS,
  );

  test(
    "goes on where it is to stay, and ends at Ctrl-C with what it saw",
    async () => {
      await using broker = await startBroker();
      await using service = await startTestService({ mqtt: broker.mqtt });
      await service.uploadAsset("simulated.bin", "firmware");
      for (const end of ["00", "01"]) await service.saveConfig(`02-51-00-01-00-${end}`, {});
      await using simulator = new Simulator(
        ["--url", service.url, "--devices", "2", "--stay"],
        broker.device,
      );
      await simulator.said.line(/all caught up: firmware 2\/2/, 0, 60_000);
      simulator.signal("SIGINT");
      expect(await simulator.ended()).toBe(0);
      expect(simulator.text).toMatch(/fetched +2 +2\n/);
    },
    TIMEOUT_MS,
  );

  test("says what is missing at the service", async () => {
    await using broker = await startBroker();
    await using service = await startTestService();
    await using simulator = new Simulator(["--url", service.url, "--devices", "2"], broker.device);
    expect(await simulator.ended()).toBe(1);
    expect(simulator.text).toContain("there is no asset simulated.bin, and 2 of 2 devices have no config");
  });

  test("says that there is no service, or no broker that takes the account", async () => {
    await using nobody = new Simulator(["--url", `http://127.0.0.1:${await freePort()}`]);
    expect(await nobody.ended()).toBe(1);
    expect(nobody.text).toMatch(/No service answers at \S+: ECONNREFUSED; start one with npm start$/m);

    await using broker = await startBroker();
    await using service = await startTestService();
    const account = { url: broker.url, username: "device", password: "wrong" };
    await using refused = new Simulator(["--url", service.url], account);
    expect(await refused.ended()).toBe(1);
    expect(refused.text).toMatch(/The broker at .* takes no device \(as device\): .*Not authorized/i);
    expect(refused.text).not.toContain("wrong");
  });

  test("ends with 2 and its usage where it is called wrongly", async () => {
    await using simulator = new Simulator(["--devices", "many"]);
    expect(await simulator.ended()).toBe(2);
    expect(simulator.text).toContain("--sleeping, --lossy, --slow, --wrong PERCENT");
  });
});
