import { openSqliteStore } from "../../src/store/index.ts";
import { macs } from "../../test/support/load.ts";
import { contentOf } from "./content.ts";

const AT_ONCE = 1_000;

/** Puts that many configs into a data directory, through the store as the service would, with nothing left to announce. */
export async function fillStore(dataDir: string, configs: number): Promise<void> {
  const store = openSqliteStore({ dataDir, announces: false, keepRevisions: 20, now: () => new Date() });
  try {
    const all = macs(configs);
    for (let from = 0; from < configs; from += AT_ONCE) {
      await Promise.all(all.slice(from, from + AT_ONCE).map((mac, at) => save(store, mac, from + at)));
    }
  } finally {
    await store.close();
  }
}

async function save(store: ReturnType<typeof openSqliteStore>, mac: string, number: number): Promise<void> {
  const content = contentOf(number);
  const outcome = await store.saveConfig(
    {
      mac,
      deviceName: JSON.parse(content).deviceName,
      deviceEntityId: "switch.living_room_plug",
      enableOta: true,
      content: Buffer.from(content),
      sha256: new Bun.CryptoHasher("sha256").update(content).digest("hex"),
      allowOverwrite: false,
      precondition: "none",
      message: null,
    },
    { kind: "anonymous", requestId: "fill" },
  );
  if (outcome.kind !== "saved") throw new Error(`${mac} was not saved: ${outcome.kind}`);
}
