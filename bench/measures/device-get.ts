import { macs } from "../../test/support/load.ts";
import { contentOf } from "../load/content.ts";
import { moveToServerCore } from "../load/cores.ts";
import { etagFrom, expectSameAnswer } from "../load/same-answer.ts";
import { startMeasured } from "../load/service.ts";
import { load } from "../load/wrk.ts";
import type { Measure } from "../measure.ts";
import { startNginx } from "../peers/nginx.ts";

const CONNECTIONS = 32;

/** What devices ask most: their config, and whether it has changed. */
export const deviceGet: Measure = {
  name: "device-get",
  needs: ["nginx", "wrk", "mosquitto"],
  rows: {
    whole: {
      what: "GET config.json, 2 KB, 32 connections",
      against: "nginx, one worker",
      unit: "/s",
      goal: { better: "more", must: 0.8, aim: 0.95 },
    },
    unchanged: {
      what: "GET config.json, unchanged (304)",
      against: "nginx, one worker",
      unit: "/s",
      goal: { better: "more", must: 0.55, aim: 0.75 },
    },
  },
  async prepare({ seconds }, running) {
    const { service } = await startMeasured(running);
    const [mac = ""] = macs(1);
    const path = `/api/configs/${mac}.json`;
    await service.saveConfig(mac, contentOf(1));
    const nginx = await startNginx({ [path]: contentOf(1) }, running);
    moveToServerCore(service.pid);

    const ours = { "If-None-Match": await etagFrom(service.url + path) };
    const theirs = { "If-None-Match": await etagFrom(nginx + path) };
    await expectSameAnswer(200, service.url, nginx, { path });
    await expectSameAnswer(304, service.url, nginx, { path, headers: ours }, theirs);

    const perSecond = async (url: string, headers: Record<string, string> = {}) =>
      (await load({ url: url + path, connections: CONNECTIONS, seconds, headers })).perSecond;
    await perSecond(service.url); // Compiled and cached, as after its first minute.
    return async () => ({
      whole: { ours: await perSecond(service.url), peer: await perSecond(nginx) },
      unchanged: { ours: await perSecond(service.url, ours), peer: await perSecond(nginx, theirs) },
    });
  },
};
