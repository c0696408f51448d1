import { createPrivateKey, type KeyObject, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { reasonOf, Stop } from "../scripts/cli.mjs";
import { esp32Image } from "./esp-image.ts";

/** Large enough that a broken line shows: what a device's buffers take counts as arrived. */
const PROGRAM_BYTES = 512 * 1024;
const AT_ONCE = 16;

/** Saves a config for each device, of which every save is another. */
export async function saveConfigs(url: string, macs: readonly string[], save: number): Promise<void> {
  const waiting = macs.entries();
  const saveInTurn = async () => {
    for (const [at, mac] of waiting) {
      const content = {
        deviceName: `simulated ${at + 1}`,
        deviceEntityId: `simulated_${at + 1}`,
        enableOTA: true,
        save,
      };
      await accepted(`${url}/api/configs/${mac}`, {
        method: "PUT",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ content }),
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, saveInTurn));
}

/** Uploads an image for the ESP32-C3 with this version, as a pipeline does. */
export async function uploadFirmware(
  url: string,
  name: string,
  version: string,
  key: KeyObject,
): Promise<void> {
  const image = esp32Image({
    version,
    project: "simulated",
    programBytes: PROGRAM_BYTES,
    filling: `program ${version} `,
  });
  const timestamp = new Date().toISOString();
  const form = new FormData();
  form.append("timestamp", timestamp);
  form.append("signature", sign("sha256", Buffer.from(timestamp), key).toString("base64"));
  form.append("file", new Blob([new Uint8Array(image)]), name);
  await accepted(`${url}/api/assets`, { method: "POST", body: form });
}

/** Throws `Stop` where there is none to be read. */
export function readSigningKey(path: string): KeyObject {
  try {
    return createPrivateKey(readFileSync(path));
  } catch (error) {
    throw new Stop(
      `No private key can be read from ${path}: ${reasonOf(error)}. Say with --signing-key where uploads' key is; npm start makes one.`,
    );
  }
}

async function accepted(url: string, init: RequestInit): Promise<void> {
  const response = await fetch(url, init);
  if (response.status !== 200)
    throw new Stop(`${init.method} ${url}: HTTP ${response.status}: ${await response.text()}`);
}
