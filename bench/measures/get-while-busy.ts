import { join } from "node:path";
import { macs } from "../../test/support/load.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { contentOf } from "../load/content.ts";
import { saves } from "../load/saves.ts";
import { saveTemplate, startMeasured } from "../load/service.ts";
import { uploadFile, writeRandomFile } from "../load/uploads.ts";
import { load } from "../load/wrk.ts";
import type { Measure, Row } from "../measure.ts";

const GET_CONNECTIONS = 32;
const SAVE_CONNECTIONS = 16;
const UPLOAD_BYTES = 1_000_000_000;

/** What devices notice of others' saves and uploads. */
export const getWhileBusy: Measure = {
  name: "get-while-busy",
  needs: ["wrk", "mosquitto", "curl"],
  rows: {
    saves: row("GET config.json p99 while 16 connections save", 6, 3),
    upload: row("GET config.json p99 while 1 GB is uploaded", 4, 2),
  },
  async prepare({ seconds }, running) {
    const { service } = await startMeasured(running);
    const template = await saveTemplate(running);
    const file = join(running.use(await tempDir()).path, "firmware.bin");
    await writeRandomFile(file, UPLOAD_BYTES);
    const [mac = ""] = macs(1);
    await service.saveConfig(mac, contentOf(1));

    const url = `${service.url}/api/configs/${mac}.json`;
    const p99Ms = async () => (await load({ url, connections: GET_CONNECTIONS, seconds })).p99Ms;
    const whileSaving = async () => {
      const saving = saves(service.url, SAVE_CONNECTIONS, seconds, template);
      const [p99] = await Promise.all([p99Ms(), saving]);
      return p99;
    };
    const whileUploading = async () => {
      let isOver = false;
      const uploadOn = async () => {
        while (!isOver) await uploadFile(service.url, file);
      };
      const measured = p99Ms().finally(() => {
        isOver = true;
      });
      const [p99] = await Promise.all([measured, uploadOn()]);
      return p99;
    };
    await p99Ms();
    return async () => ({
      saves: { ours: await whileSaving(), peer: await p99Ms() },
      upload: { ours: await whileUploading(), peer: await p99Ms() },
    });
  },
};

function row(what: string, must: number, aim: number): Row {
  return { what, against: "itself, idle", unit: "ms", goal: { better: "less", must, aim } };
}
