import { expect, test } from "bun:test";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { type Closed, type Connection, SocketDiagnosis } from "../../src/fleet/socket-diagnosis.ts";
import { until } from "../support/deadline.ts";

const SIZE = 8 * 1024 * 1024;

test.each([
  ["127.0.0.1", "127.0.0.1"],
  ["0.0.0.0", "127.0.0.1"],
  ["::", "127.0.0.1"],
  ["::1", "::1"],
])("what a peer has acknowledged is seen, listening on %s and reached at %s", async (listening, reached) => {
  using diagnosis = openDiagnosis();
  await using pair = await openPair(listening, reached);
  const { served, client, connection } = pair;
  expect(diagnosis.ask(connection)).toEqual({ acknowledged: 0, outstanding: 0 });

  client.pause();
  served.write(Buffer.alloc(SIZE));
  await until(
    "bytes wait for a peer that does not read",
    () => (diagnosis.ask(connection)?.outstanding ?? 0) > 0,
  );
  const before = diagnosis.ask(connection);
  expect(before?.acknowledged).toBeLessThan(SIZE);

  client.resume();
  await until("all is acknowledged", () => diagnosis.ask(connection)?.acknowledged === SIZE);
  expect(diagnosis.ask(connection)?.outstanding).toBe(0);
});

test("a connection that was closed in good order has acknowledged all", async () => {
  using diagnosis = openDiagnosis();
  await using pair = await openPair("127.0.0.1", "127.0.0.1");
  pair.client.resume();
  pair.served.end("all of it");
  await once(pair.client, "close");
  await until("the kernel keeps it as one that has ended", () => {
    return diagnosis.ask(pair.connection)?.acknowledged === Number.POSITIVE_INFINITY;
  });
});

test.each([
  ["127.0.0.1", "127.0.0.1"],
  ["::", "127.0.0.1"],
  ["::1", "::1"],
])(
  "its end is told of, with what had arrived by then, listening on %s and reached at %s",
  async (listening, reached) => {
    using diagnosis = openDiagnosis();
    await using pair = await openPair(listening, reached);
    const { served, client, connection } = pair;
    served.write("all of it");
    await once(client, "data");
    client.resetAndDestroy();
    expect(await endOf(diagnosis, connection)).toMatchObject({ acknowledged: 9, outstanding: 0 });
  },
);

test("the end of one that left unread what it was sent tells of that", async () => {
  using diagnosis = openDiagnosis();
  await using pair = await openPair("127.0.0.1", "127.0.0.1");
  pair.client.pause();
  pair.served.write(Buffer.alloc(SIZE));
  await until("bytes wait", () => (diagnosis.ask(pair.connection)?.outstanding ?? 0) > 0);
  pair.client.resetAndDestroy();
  const last = await endOf(diagnosis, pair.connection);
  expect(last.outstanding).toBeGreaterThan(0);
  expect(last.acknowledged).toBeLessThan(SIZE);
});

test("a connection that was cut, or never was, is not found", async () => {
  using diagnosis = openDiagnosis();
  await using pair = await openPair("127.0.0.1", "127.0.0.1");
  pair.client.resetAndDestroy();
  await until("the connection is gone", () => diagnosis.ask(pair.connection) === null);
  expect(diagnosis.ask({ ...pair.connection, remoteAddress: "192.0.2.1" })).toBeNull();
  expect(diagnosis.ask({ ...pair.connection, remoteAddress: "2001:db8::1" })).toBeNull();
});

async function endOf(diagnosis: SocketDiagnosis, { localPort, remoteAddress, remotePort }: Connection) {
  const ends: Closed[] = [];
  const isIt = (each: Closed) =>
    each.localPort === localPort && each.remotePort === remotePort && each.isFrom(remoteAddress);
  await until("its end is told of", () => {
    ends.push(...[...diagnosis.closed()].filter(isIt));
    return ends.length > 0;
  });
  const [end] = ends;
  if (end === undefined) throw new Error("it was told of");
  return end;
}

function openDiagnosis(): SocketDiagnosis {
  const diagnosis = SocketDiagnosis.open();
  if (diagnosis === null) throw new Error("this machine shows nothing of its sockets");
  return diagnosis;
}

async function openPair(listening: string, reached: string) {
  const server = createServer().listen(0, listening);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens on a port");
  const accepted = once(server, "connection");
  const client = connect(address.port, reached);
  await once(client, "connect");
  const [served]: Socket[] = await accepted;
  if (served === undefined) throw new Error("it was accepted");
  for (const socket of [served, client]) socket.on("error", () => {});
  const { remoteAddress = "", remotePort = 0 } = served;
  return {
    served,
    client,
    connection: { localPort: address.port, remoteAddress, remotePort },
    async [Symbol.asyncDispose]() {
      client.destroy();
      served.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
