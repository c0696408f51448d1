import { join } from "node:path";
import { tempDir } from "../../test/support/temp-dir.ts";
import { startMeasured } from "../load/service.ts";
import { uploadFile, writeRandomFile } from "../load/uploads.ts";
import type { Measure } from "../measure.ts";

const KEEP_FILE = join(import.meta.dir, "../peers/keep-file.sh");
const BYTES = 256 * 1024 * 1024;

/** An upload, against the least that would keep the same bytes as safely and know their hash. */
export const assetUpload: Measure = {
  name: "asset-upload",
  needs: ["mosquitto", "curl"],
  rows: {
    upload: {
      what: "upload of 256 MB",
      against: "cat into a file, fsync, sha256sum",
      unit: "ms",
      goal: { better: "less", must: 1.5, aim: 0.8 },
    },
  },
  async prepare(_scale, running) {
    const { service } = await startMeasured(running);
    const folder = running.use(await tempDir()).path;
    const [file, copy] = [join(folder, "firmware.bin"), join(folder, "copy")];
    return async () => {
      await writeRandomFile(file, BYTES); // Bytes that the service has already would be kept without a rename.
      const ours = await timed(() => uploadFile(service.url, file));
      const peer = await timed(() => keepFile(file, copy));
      const { assets }: Listed = JSON.parse(await (await service.request("GET", "/api/assets")).text());
      if (assets[0]?.sha256 !== peer.value) throw new Error("what was uploaded is not what is there");
      return { upload: { ours: ours.ms, peer: peer.ms } };
    };
  },
};

type Listed = { readonly assets: readonly { readonly sha256: string }[] };

async function timed<T>(act: () => Promise<T>): Promise<{ readonly value: T; readonly ms: number }> {
  const began = performance.now();
  const value = await act();
  return { value, ms: performance.now() - began };
}

/** Gives the hash of what was kept. */
async function keepFile(from: string, to: string): Promise<string> {
  const shell = Bun.spawn(["sh", KEEP_FILE, from, to], { stderr: "inherit" });
  const hash = await shell.stdout.text();
  if ((await shell.exited) !== 0) throw new Error("cat, sync or sha256sum failed");
  return hash.trim();
}
