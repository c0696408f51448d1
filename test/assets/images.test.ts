import { describe, expect, test } from "bun:test";
import { esp32Image } from "../../simulate/esp-image.ts";
import { multipart } from "../support/multipart.ts";
import { expectRefusal } from "../support/refusal.ts";
import { startTestService } from "../support/service.ts";
import { signedFields } from "../support/signed-form.ts";

const damaged = esp32Image();
damaged.writeUInt8(damaged.readUInt8(1_000) ^ 1, 1_000);

describe("an image that is uploaded", () => {
  test("is shown in the asset's history for what it says of itself", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", "no image");
    await service.uploadAsset("plug.bin", esp32Image());
    const answer = await (await service.request("GET", "/api/assets/plug.bin/revisions")).json();
    expect(answer).toMatchObject({
      revisions: [
        {
          revision: 2,
          image: {
            chip: "ESP32-C3",
            version: "1.4.2",
            project: "plug",
            built: "Jan  2 2026 12:30:00",
            idf_version: "v5.3.1",
            checksum: "valid",
            digest: { valid: true },
          },
        },
        { revision: 1, image: null },
      ],
    });
  });

  test("is refused when it is damaged, with nothing stored, unless any will do", async () => {
    await using service = await startTestService();
    const refused = await service.tryToUpload({ name: "plug.bin", bytes: damaged });
    expect(await expectRefusal(refused, 400, "VALIDATION_FAILED")).toMatchObject({
      error: expect.stringMatching(/^file: is an ESP32 image whose checksum is wrong/),
    });
    expect(await service.listAssets()).toEqual([]);

    const form = multipart([...signedFields(), { name: "file", value: damaged, filename: "plug.bin" }]);
    const headers = { "Content-Type": form.contentType };
    const taken = await service.request("POST", "/api/assets?image=any", { headers, body: form.body });
    expect(taken.status).toBe(200);
    const answer = await (await service.request("GET", "/api/assets/plug.bin/revisions")).json();
    expect(answer).toMatchObject({ revisions: [{ image: { checksum: "wrong", digest: { valid: false } } }] });
    const asked = await service.request("POST", "/api/assets?image=all", { headers, body: form.body });
    await expectRefusal(asked, 400, "VALIDATION_FAILED");
  });
});
