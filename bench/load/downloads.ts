import { join } from "node:path";
import { onLoadCores } from "./cores.ts";

const WORKER = join(import.meta.dir, "downloads-worker.ts");

/** Large answers per second, each connection asking again once it has the whole of one. */
export async function downloadsPerSecond(
  url: string,
  connections: number,
  seconds: number,
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  const { pathname, host, port } = new URL(url);
  const lines = [
    `GET ${pathname} HTTP/1.1`,
    `Host: ${host}`,
    ...Object.entries(headers).map((each) => each.join(": ")),
  ];
  const args = [`${lines.join("\r\n")}\r\n\r\n`, port, String(connections), String(seconds)];
  const worker = Bun.spawn(onLoadCores([process.execPath, WORKER, ...args]), { stderr: "inherit" });
  const said = await worker.stdout.text();
  if ((await worker.exited) !== 0) throw new Error(`${url}: the downloads ended with ${worker.exitCode}`);
  const { requests, refused, broken, seconds: took } = JSON.parse(said);
  if (refused > 0 || broken > 0 || requests === 0)
    throw new Error(`${url}: of ${requests} downloads ${refused} were 4xx or 5xx, ${broken} broke`);
  return requests / took;
}
