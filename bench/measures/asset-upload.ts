import { join } from "node:path";
import { tempDir } from "../../test/support/temp-dir.ts";
import { startMeasured } from "../load/service.ts";
import { uploadFile, writeRandomFile } from "../load/uploads.ts";
import type { Measure } from "../measure.ts";

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
      const ours = await msOf(() => uploadFile(service.url, file));
      const peer = await msOf(() => copyFlushHash(file, copy));
      const { assets }: Listed = JSON.parse(await (await service.request("GET", "/api/assets")).text());
      if (assets[0]?.sha256 !== (await sha256Of(copy)))
        throw new Error("the upload is not what was uploaded");
      return { upload: { ours, peer } };
    };
  },
};

type Listed = { readonly assets: readonly { readonly sha256: string }[] };

async function msOf(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

async function copyFlushHash(from: string, to: string): Promise<void> {
  const script = 'cat "$1" > "$2" && sync "$2" && sha256sum "$2"';
  const shell = Bun.spawn(["sh", "-c", script, "sh", from, to], { stdout: "ignore", stderr: "inherit" });
  if ((await shell.exited) !== 0) throw new Error("cat, sync or sha256sum failed");
}

async function sha256Of(path: string): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256");
  for await (const piece of Bun.file(path).stream()) hash.update(piece);
  return hash.digest("hex");
}
