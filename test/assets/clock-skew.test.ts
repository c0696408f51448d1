import { describe, expect, test } from "bun:test";
import { signTimestamp } from "../support/keys.ts";
import { metricOf } from "../support/metrics.ts";
import { startTestService, type TestService } from "../support/service.ts";

const NOW = new Date("2026-01-31T12:00:00Z");
const SKEW = "iot_upload_clock_skew_seconds";

describe("the clock of whoever uploads", () => {
  test("is unknown before the first upload", async () => {
    await using service = await startAt(NOW);
    expect(await metricOf(service, SKEW)).toBeNaN();
  });

  test.each([
    [0, 200],
    [12.5, 200],
    [-300, 200],
    [301, 400],
    [-3600.25, 400],
  ])("is shown to be %d s off, in an upload that is answered %d", async (seconds, status) => {
    await using service = await startAt(NOW);
    expect((await upload(service, timestampAt(seconds))).status).toBe(status);
    expect(await metricOf(service, SKEW)).toBe(seconds);
  });

  test("is told to whoever is refused for it, by its seconds", async () => {
    await using service = await startAt(NOW);
    const behind = await upload(service, timestampAt(-3600.25));
    expect(await behind.json()).toMatchObject({
      code: "VALIDATION_FAILED",
      error: "timestamp: is 3600.25 s behind the server's clock; at most 300 s are allowed",
      details: { field: "timestamp", aheadSeconds: -3600.25 },
    });
    const ahead = await upload(service, timestampAt(301));
    expect(await ahead.json()).toMatchObject({
      error: "timestamp: is 301 s ahead of the server's clock; at most 300 s are allowed",
    });
  });

  test("is shown also where timestamp and signature come after the file", async () => {
    await using service = await startAt(NOW);
    const timestamp = timestampAt(-1_000);
    const response = await service.postForm([
      { name: "file", value: "bytes", filename: "a.bin" },
      { name: "signature", value: signTimestamp(timestamp) },
      { name: "timestamp", value: timestamp },
    ]);
    expect(response.status).toBe(400);
    expect(await metricOf(service, SKEW)).toBe(-1_000);
  });

  test("is nobody's to state who does not hold the key", async () => {
    await using service = await startAt(NOW);
    await upload(service, timestampAt(2));
    const forged = await upload(service, timestampAt(-86_400), signTimestamp(timestampAt(0)));
    expect(await forged.json()).toMatchObject({ details: { field: "timestamp" } });
    const within = await upload(service, timestampAt(100), signTimestamp(timestampAt(0)));
    expect(await within.json()).toMatchObject({ details: { field: "signature" } });
    const unsigned = await service.postForm([
      { name: "timestamp", value: timestampAt(-86_400) },
      { name: "file", value: "bytes", filename: "a.bin" },
    ]);
    expect(unsigned.status).toBe(400);
    expect(await metricOf(service, SKEW)).toBe(2);
  });
});

describe("uploads are counted", () => {
  test("from 0 on, by what was wrong with them, those that came when all places were taken too", async () => {
    await using service = await startAt(NOW, 1);
    const counted = (error_type: string) =>
      metricOf(service, "iot_asset_upload_requests_total", { error_type });
    for (const type of ["", "file", "filename", "timestamp", "signature"])
      expect(await counted(type)).toBe(0);
    await upload(service, timestampAt(0), signTimestamp(timestampAt(1)));
    expect(await counted("signature")).toBe(1);
    expect(await counted("timestamp")).toBe(0);

    const body = new TransformStream<Uint8Array, Uint8Array>();
    const headers = { "Content-Type": "multipart/form-data; boundary=x" };
    const hangs = new AbortController();
    const first = service.request("POST", "/api/assets", {
      headers,
      body: body.readable,
      signal: hangs.signal,
    });
    first.catch(() => {}); // It is hung up on below.
    const writer = body.writable.getWriter();
    await writer.write(Buffer.from("--x\r\n"));
    let refusal = await upload(service, timestampAt(0));
    while (refusal.status === 200) refusal = await upload(service, timestampAt(0)); // Until the first has arrived.
    expect(refusal.status).toBe(503);
    expect(await counted("busy")).toBe(1);
    hangs.abort();
  });
});

function startAt(now: Date, maxUploads = 16): Promise<TestService> {
  return startTestService({ maxUploads }, () => now);
}

function timestampAt(seconds: number): string {
  return new Date(NOW.getTime() + seconds * 1000).toISOString();
}

function upload(
  service: TestService,
  timestamp: string,
  signature = signTimestamp(timestamp),
): Promise<Response> {
  return service.tryToUpload({ name: "a.bin", bytes: "bytes", timestamp, signature });
}
