import { expect } from "bun:test";
import { signTimestamp } from "../support/keys.ts";
import { expectRefusal } from "../support/refusal.ts";
import { row } from "../support/row.ts";
import { startLoneService } from "../support/service-process.ts";

const TOLERANCE_SECONDS = 2;
const GIVEN_UP_MS = 15_000;

row(
  "A7",
  "a signature seen by others serves them for any file until its window has passed, and no longer",
  { waits: true },
  async (run) => {
    await using service = await startLoneService({ TIMESTAMP_TOLERANCE_SECONDS: `${TOLERANCE_SECONDS}` });
    const signedAt = Date.now();
    const timestamp = new Date(signedAt).toISOString();
    const seen = { timestamp, signature: signTimestamp(timestamp) };
    expect((await service.tryToUpload({ name: "ours.bin", bytes: "ours", ...seen })).status).toBe(200);

    let replayed = 0;
    for (;;) {
      const response = await service.tryToUpload({ name: "ours.bin", bytes: "theirs", ...seen });
      if (response.status !== 200) {
        const { error } = await expectRefusal(response, 400, "VALIDATION_FAILED");
        expect(error).toStartWith("timestamp: ");
        break;
      }
      replayed++;
      expect(Date.now() - signedAt).toBeLessThan(GIVEN_UP_MS);
    }
    expect(Date.now() - signedAt).toBeGreaterThan(TOLERANCE_SECONDS * 1000);
    expect(replayed).toBeGreaterThan(0); // Inherited, and known: the docs say it, and what to do.
    expect((await service.fetchAsset("ours.bin")).bytes.toString()).toBe("theirs");
    run.did("replays within the window", replayed);
  },
);

row(
  "A7",
  "the docs say what the inherited scheme allows, and what to do until there is a better one",
  {},
  async () => {
    const security = await Bun.file("SECURITY.md").text();
    expect(security).toMatch(/signature covers the timestamp, and nothing else/i);
    expect(security).toContain("TIMESTAMP_TOLERANCE_SECONDS");
    expect(security).toMatch(/any other file/);
  },
);
