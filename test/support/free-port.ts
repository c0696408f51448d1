import { once } from "node:events";
import { createServer } from "node:net";

/**
 * A free loopback port outside of the system's ephemeral range. Inside of it a client that keeps retrying while
 * nothing listens may be given that very port as its own and connect to itself.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isFree(port)) return port;
  }
  throw new Error("100 ports tried on 127.0.0.1, each of them taken");
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  const failed = once(probe, "error").then(() => false);
  const listening = once(probe.listen(port, "127.0.0.1"), "listening").then(() => true);
  const free = await Promise.race([failed, listening]);
  if (free) await new Promise((closed) => probe.close(closed));
  return free;
}
