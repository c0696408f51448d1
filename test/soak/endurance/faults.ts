import type { Random } from "../../../simulate/random.ts";
import { openRaw, type RawConnection } from "../../support/raw-http.ts";
import { signedForm, uploadHead } from "../../support/signed-form.ts";
import type { World } from "./world.ts";

/** Does harm, and makes well again what it harmed. Clients that it leaves hanging are handed to `hanging`. */
export type Fault = (world: World, random: Random, hanging: RawConnection[]) => Promise<void>;

/** What a service lives on with, as one process. */
export const bearable: Readonly<Record<string, Fault>> = {
  async "broker stops"({ broker }, random) {
    await broker.stop();
    await Bun.sleep(random.int(0, 3_000));
    await broker.restart();
  },
  async "broker hangs"({ broker }, random) {
    broker.freeze();
    await Bun.sleep(random.int(100, 8_000));
    broker.thaw();
  },
  async "network to the broker breaks"({ link }, random) {
    await link.cut();
    await Bun.sleep(random.int(0, 3_000));
    await link.restore();
  },
  async "network to the broker goes deaf"({ link }, random) {
    link.goDeaf();
    await Bun.sleep(random.int(100, 5_000));
    await link.restore();
  },
  async "service hangs"({ service }, random) {
    service.signal("SIGSTOP");
    await Bun.sleep(random.int(10, 1_500));
    service.signal("SIGCONT");
  },
  async "heads are left half sent"({ client }, random, hanging) {
    await hang(client.url, random.int(1, 40), hanging, (connection) =>
      connection.send("GET /api/configs HTTP/1.1\r\nHo"),
    );
  },
  async "uploads are left half sent"({ client }, random, hanging) {
    const form = signedForm("never-whole.bin", new Uint8Array(50_000));
    await hang(client.url, random.int(1, 10), hanging, async (connection) => {
      await connection.send(uploadHead(form.length));
      await connection.send(form.subarray(0, random.int(0, form.length)));
    });
  },
  async "answers are left unread"({ client }, random, hanging) {
    const [name = "none"] = await client.listAssets();
    await hang(client.url, random.int(1, 20), hanging, async (connection) => {
      connection.stopReading();
      await connection.send(`GET /api/assets/${name} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`.repeat(20));
    });
  },
  async "clients hang up"({ client }, random) {
    const hanging: RawConnection[] = [];
    await hang(client.url, random.int(1, 40), hanging, (connection) =>
      connection.send("GET /api/configs HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
    );
    for (const connection of hanging) connection.hangUp();
  },
};

/** What ends the process. */
export const deadly: Readonly<Record<string, Fault>> = {
  "service is killed": (world, random) => world.restartAfter(random.int(0, 1_000)),
};

async function hang(
  url: string,
  count: number,
  hanging: RawConnection[],
  act: (connection: RawConnection) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < count; at++) {
    const connection = await openRaw(url);
    hanging.push(connection);
    await act(connection);
  }
}
