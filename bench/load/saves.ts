import { macs } from "../../test/support/load.ts";
import { ServiceClient } from "../../test/support/service-client.ts";
import { contentOf } from "./content.ts";
import { load } from "./wrk.ts";

const FILES = 100;

/** Saves per second of configs of 2 KB, every one of them other than before; `template` is a file (`saveTemplate`). */
export async function saves(
  url: string,
  connections: number,
  seconds: number,
  template: string,
  files = FILES,
): Promise<number> {
  const requests = ["save", String(files), template];
  return (await load({ url, connections, seconds, requests })).perSecond;
}

/** Fails unless a server does what a save is: what was saved last is what a device is given. */
export async function expectSaves(url: string): Promise<void> {
  const client = new ServiceClient(url);
  const [mac = ""] = macs(1);
  for (const content of [contentOf(1), contentOf(2)]) {
    const answer = await client.tryToSaveConfig(mac, content);
    const { content: saved } = JSON.parse(await answer.text());
    if (answer.status !== 200) throw new Error(`${url}: a save was answered ${answer.status}`);
    const { text } = await client.fetchConfig(mac);
    if (text !== content || !Bun.deepEquals(saved, JSON.parse(content)))
      throw new Error(`${url}: what was saved is not what is there`);
  }
}
