import { expect, test } from "bun:test";
import { startTestService } from "../support/service.ts";

const MAC = "aa-bb-cc-dd-ee-ff";

test.each([
  ["GET", "/api/convergence", null, "file: is missing"],
  ["POST", `/api/configs/${MAC}/rollback`, {}, "to: is missing"],
  ["POST", `/api/configs/${MAC}/rollback`, { to: "1" }, "to: must be a revision's number"],
  ["PATCH", `/api/devices/${MAC}`, { nam: "porch" }, "nam: is not known here"],
])("%s %s with %p is refused in our own words", async (method, path, body, error) => {
  await using service = await startTestService();
  await service.saveConfig(MAC, {});
  const headers = { "Content-Type": "application/json" };
  const answer = await service.request(
    method,
    path,
    body === null ? {} : { headers, body: JSON.stringify(body) },
  );
  expect(answer.status).toBe(400);
  expect(JSON.parse(await answer.text())).toMatchObject({ error });
});
