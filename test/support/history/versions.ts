const CONFIG_BYTES_MOST = 4_000;
const ASSET_BYTES_MOST = 200_000;

/** A name for a version, unlike all others. It says how many bytes the version has: by itself not many. */
export function newVersion(file: string, bytes?: number): string {
  const most = file.startsWith("configs/") ? CONFIG_BYTES_MOST : ASSET_BYTES_MOST;
  return `${crypto.randomUUID()}/${bytes ?? Math.floor(most * (0.1 + 0.9 * Math.random()))}`;
}

/** A config's content as it is sent for a version, and for no other. */
export function configOf(version: string): string {
  const begin = `{"version":"${version}","filler":"`;
  return `${begin.padEnd(bytesIn(version) - 2, "x")}"}`;
}

/** Likewise the bytes of an asset. */
export function assetOf(version: string): Buffer {
  return Buffer.alloc(bytesIn(version), `${version} `);
}

/** Which version a config's content is, if all of it is there and nothing else; else what is wrong with it. */
export function versionOfConfig(text: string): string {
  const [, version = ""] = /^\{"version":"([^"]*)"/.exec(text) ?? [];
  return text === configOf(version) ? version : notWhole(Buffer.from(text));
}

export function versionOfAsset(bytes: Buffer): string {
  const [version = ""] = bytes.toString("latin1", 0, 60).split(" ", 1);
  return bytesIn(version) > 0 && bytes.equals(assetOf(version)) ? version : notWhole(bytes);
}

function bytesIn(version: string): number {
  const [, bytes = 0] = /\/(\d+)$/.exec(version) ?? [];
  return Number(bytes);
}

function notWhole(bytes: Buffer): string {
  return `not whole (${bytes.length} bytes, from ${JSON.stringify(bytes.toString("latin1", 0, 60))} on)`;
}
