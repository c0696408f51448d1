import { randomBytes } from "node:crypto";
import { moveToServerCore } from "../load/cores.ts";
import { downloadsPerSecond } from "../load/downloads.ts";
import { expectSameAnswer } from "../load/same-answer.ts";
import { startMeasured } from "../load/service.ts";
import type { Measure } from "../measure.ts";
import { startNginx } from "../peers/nginx.ts";

const CONNECTIONS = 8;
const PATH = "/api/assets/firmware.bin";
const RANGE = { Range: "bytes=262144-327679" };

/** Firmware, whole and a part of it, as a download that goes on asks for. */
export const assetGet: Measure = {
  name: "asset-get",
  needs: ["nginx", "mosquitto"],
  rows: {
    whole: {
      what: "GET an asset of 1 MB, 8 connections",
      against: "nginx with sendfile",
      unit: "/s",
      goal: { better: "more", must: 0.8, aim: 1.3 },
    },
    range: {
      what: "GET a range of 64 KB of an asset",
      against: "nginx with sendfile",
      unit: "/s",
      goal: { better: "more", must: 0.8, aim: 1.3 },
    },
  },
  async prepare({ seconds }, running) {
    const { service } = await startMeasured(running);
    const bytes = randomBytes(1_000_000);
    await service.uploadAsset("firmware.bin", bytes);
    const nginx = await startNginx({ [PATH]: bytes }, running);
    moveToServerCore(service.pid);

    await expectSameAnswer(200, service.url, nginx, { path: PATH });
    await expectSameAnswer(206, service.url, nginx, { path: PATH, headers: RANGE });

    const perSecond = (url: string, headers: Record<string, string> = {}) =>
      downloadsPerSecond(url + PATH, CONNECTIONS, seconds, headers);
    await perSecond(service.url);
    return async () => ({
      whole: { ours: await perSecond(service.url), peer: await perSecond(nginx) },
      range: { ours: await perSecond(service.url, RANGE), peer: await perSecond(nginx, RANGE) },
    });
  },
};
