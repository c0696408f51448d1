/** What an image says that it is for, by its chip id (`esp_chip_id_t` in ESP-IDF's esp_app_format.h). */
const names: ReadonlyMap<number, string> = new Map([
  [0x00, "ESP32"],
  [0x02, "ESP32-S2"],
  [0x05, "ESP32-C3"],
  [0x09, "ESP32-S3"],
  [0x0c, "ESP32-C2"],
  [0x0d, "ESP32-C6"],
  [0x10, "ESP32-H2"],
  [0x12, "ESP32-P4"],
  [0x14, "ESP32-C61"],
  [0x17, "ESP32-C5"],
  [0x19, "ESP32-H21"],
  [0x1c, "ESP32-H4"],
  [0x20, "ESP32-S31"],
]);

export const ESP8266 = "ESP8266";

/** Null for an id that nobody has given away yet. */
export function chipOfId(id: number): string | null {
  return names.get(id) ?? null;
}

/**
 * A chip's family out of how its firmware spells it: `esp32c3` (CONFIG_IDF_TARGET), or `ESP32-S2FH16` (Arduino's
 * `ESP.getChipModel()`). Null where it is none that we know.
 */
export function parseChip(text: string): string | null {
  const spelt = text.trim().toUpperCase();
  if (/^ESP82(66|85)/.test(spelt)) return ESP8266;
  if (/^ESP32(-(D0|D2|U4|S0|PICO).*)?$/.test(spelt)) return "ESP32"; // The first one's models have names of their own.
  const [, variant] = /^ESP32-?([A-Z]\d+)/.exec(spelt) ?? [];
  const family = `ESP32-${variant}`;
  return [...names.values()].includes(family) ? family : null;
}
