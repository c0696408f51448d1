import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { until } from "../../test/support/deadline.ts";
import { freePort } from "../../test/support/free-port.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { onServerCore } from "../load/cores.ts";

/** nginx with one worker, serving `files` (by their paths) from the page cache. Gives its URL; `running` ends it. */
export async function startNginx(
  files: Readonly<Record<string, Uint8Array | string>>,
  running: AsyncDisposableStack,
): Promise<string> {
  const folder = running.use(await tempDir()).path;
  for (const [path, bytes] of Object.entries(files)) {
    const file = join(folder, "files", path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
  const port = await freePort();
  const template = await readFile(join(import.meta.dir, "nginx.conf"), "utf8");
  const user = process.getuid?.() === 0 ? "user root;" : ""; // Or it could not read below a folder that is ours alone.
  const conf = template
    .replaceAll("@FOLDER@", folder)
    .replaceAll("@PORT@", String(port))
    .replaceAll("@USER@", user);
  await writeFile(join(folder, "nginx.conf"), conf);
  const nginx = Bun.spawn(onServerCore(["nginx", "-e", "stderr", "-c", join(folder, "nginx.conf")]), {
    env: { PATH: `${process.env["PATH"]}:/usr/sbin` },
    stdio: ["ignore", "ignore", "inherit"],
  });
  running.defer(async () => {
    nginx.kill();
    await nginx.exited;
  });
  const url = `http://127.0.0.1:${port}`;
  await until("an answer of nginx", () =>
    fetch(url).then(
      () => true,
      () => false,
    ),
  );
  return url;
}
