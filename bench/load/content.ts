const SIZE = 2048;
const NUMBER = "@@@@@@@@";

/** A config's content of 2 KB, as a device might have it. `number` has eight digits, so that each is as long. */
export function contentOf(number: number | typeof NUMBER): string {
  const content = {
    deviceName: `Living room plug ${typeof number === "number" ? String(number).padStart(8, "0") : number}`,
    deviceEntityId: "switch.living_room_plug",
    enableOTA: true,
    mqtt: { host: "10.0.0.2", port: 1883, topic: "home/plug/state", keepalive: 30, qos: 1 },
    calibration: { gain: 1.0625, offset: -0.25, samples: Array.from({ length: 64 }, (_, at) => at * 17) },
    notes: "",
  };
  const short = SIZE - JSON.stringify(content).length;
  return JSON.stringify({ ...content, notes: "n".repeat(short) });
}

/** A save's body in which a number is still to be put in, for `load.lua`. */
export const SAVE_TEMPLATE = `{"content":${contentOf(NUMBER)}}`;
