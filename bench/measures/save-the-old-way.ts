import { expectSaves, saves } from "../load/saves.ts";
import { saveTemplate, startMeasured } from "../load/service.ts";
import type { Measure, Row } from "../measure.ts";
import { startStandIn } from "../peers/stand-in.ts";

/** The same saves, durable and announced, against the Python stand-in, which flushes nothing. */
export const saveTheOldWay: Measure = {
  name: "save-the-old-way",
  needs: ["wrk", "mosquitto", "python3-flask", "python3-waitress", "python3-paho-mqtt"],
  rows: {
    1: row("durable save, 2 KB, 1 connection", 1.3, 2),
    16: row("durable save, 16 connections", 8, 15),
    64: row("durable save, 64 connections", 12, 30),
  },
  async prepare({ seconds }, running) {
    const { service, broker } = await startMeasured(running);
    const standIn = await startStandIn(broker.mqtt, running);
    const template = await saveTemplate(running);
    await expectSaves(service.url);
    await expectSaves(standIn);

    const perSecond = (url: string, connections: number) => saves(url, connections, seconds, template);
    await perSecond(service.url, 16);
    return async () => ({
      1: { ours: await perSecond(service.url, 1), peer: await perSecond(standIn, 1) },
      16: { ours: await perSecond(service.url, 16), peer: await perSecond(standIn, 16) },
      64: { ours: await perSecond(service.url, 64), peer: await perSecond(standIn, 64) },
    });
  },
};

function row(what: string, must: number, aim: number): Row {
  const against = "the Python stand-in, no fsync";
  return { what, against, unit: "/s", goal: { better: "more", must, aim } };
}
