import { expect } from "bun:test";
import { macs } from "../support/load.ts";
import { row } from "../support/row.ts";
import { type LoneService, startLoneService } from "../support/service-process.ts";

const [PORCH = ""] = macs(1);
/** As TUF and Uptane name them. */
const ATTACKS = [
  "arbitrary software",
  "rollback",
  "freeze",
  "mix-and-match",
  "endless data",
  "wrong target",
  "eavesdropping",
];

row(
  "A12",
  "each attack on update systems has an answer in SECURITY.md: what is done here, and whose the rest is",
  {},
  async (run) => {
    const security = await Bun.file("SECURITY.md").text();
    const cells = new Map(
      security
        .split("\n")
        .filter((line) => line.startsWith("|"))
        .map((line) =>
          line
            .split("|")
            .slice(1, -1)
            .map((cell) => cell.trim()),
        )
        .map(([attack = "", ...answers]) => [attack, answers]),
    );
    for (const attack of ATTACKS) {
      const [here = "", others = ""] = cells.get(attack) ?? [];
      expect({ attack, here: here.length > 40, others: /The device's: |Yours: /.test(others) }).toEqual({
        attack,
        here: true,
        others: true,
      });
    }
    run.did("attacks answered", ATTACKS.length);
  },
);

row("A12", "no rollback: a revision is never given again, whatever is deleted between", {}, async () => {
  await using service = await startLoneService();
  const asset = async (bytes: string) => (await service.uploadAsset("fw.bin", bytes)).revision;
  expect(await asset("one")).toBe(1);
  await service.request("DELETE", "/api/assets/fw.bin");
  expect(await asset("one")).toBe(3);
  expect(await asset("one")).toBe(4);
  await service.saveConfig(PORCH, {});
  await service.deleteConfig(PORCH);
  expect((await service.saveConfig(PORCH, {})).revision).toBe(3);
});

row(
  "A12",
  "no mix-and-match: a download that goes on after a change is not of two versions",
  {},
  async () => {
    await using service = await startLoneService();
    const { etag } = await service.uploadAsset("fw.bin", "the old firmware");
    await service.uploadAsset("fw.bin", "the new firmware");
    const headers = { Range: "bytes=8-", "If-Range": etag };
    const rest = await service.request("GET", "/api/assets/fw.bin", { headers });
    expect({ status: rest.status, text: await rest.text() }).toEqual({
      status: 200,
      text: "the new firmware",
    });
  },
);

row(
  "A12",
  "no endless data, no freeze: a file's length is told, and that it is to be asked for anew",
  {},
  async () => {
    await using service = await startLoneService();
    await service.saveConfig(PORCH, { a: 1 });
    await service.uploadAsset("fw.bin", "firmware");
    expect(await toldOf(service, `/api/configs/${PORCH}.json`)).toEqual(["7", null, "no-cache", "1"]);
    expect(await toldOf(service, "/api/assets/fw.bin")).toEqual(["8", null, "no-cache", "1"]);
  },
);

row("A12", "no wrong target: no name but its own finds a file", {}, async () => {
  await using service = await startLoneService();
  await service.saveConfig(PORCH, {});
  await service.uploadAsset("fw-a.bin", "firmware");
  for (const path of [
    "configs/00-00-00-00-00-01.json",
    "assets/fw-a",
    "assets/FW-A.BIN",
    "assets/fw-a.bin%20",
    "assets/fw-*",
  ]) {
    expect((await service.request("GET", `/api/${path}`)).status).toBe(404);
  }
});

async function toldOf(service: LoneService, path: string): Promise<(string | null)[]> {
  const { headers } = await service.request("GET", path);
  return ["content-length", "transfer-encoding", "cache-control", "x-revision"].map((name) =>
    headers.get(name),
  );
}
