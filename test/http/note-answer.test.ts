import { expect, test } from "bun:test";
import { startTestService } from "../support/service.ts";

test("a service that has too much to do says so in its log, without a stack", async () => {
  await using service = await startTestService({ maxUploads: 0 });
  expect((await service.tryToUpload({ name: "plug.bin", bytes: "firmware" })).status).toBe(503);
  const line = service.logged.find(({ status }) => status === 503);
  expect(line).toMatchObject({
    level: 30,
    msg: "refused",
    fault: expect.stringContaining("uploads are running"),
  });
  expect(line).not.toHaveProperty("err");
});
