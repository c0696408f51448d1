import { connect } from "node:net";

/** What came of a fetch: the status, 0 where no whole answer came, and how long it took from the first SYN on. */
export type Fetched = { readonly status: number; readonly ms: number };

const GIVEN_UP_MS = 30_000;

/** Fetches as a small device does: a connection for this one request, closed after it. Never throws. */
export function fetchOnce(host: string, port: number, path: string): Promise<Fetched> {
  const { promise, resolve } = Promise.withResolvers<Fetched>();
  const began = performance.now();
  const socket = connect(port, host);
  let head = "";
  let received = 0;
  socket.setTimeout(GIVEN_UP_MS, () => socket.destroy());
  socket.on("connect", () =>
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
  );
  socket.on("data", (chunk) => {
    if (received < 1024) head += chunk.toString("latin1");
    received += chunk.length;
  });
  socket.on("error", () => {}); // "close" follows.
  socket.on("close", () => {
    const isWhole = received === wholeLength(head);
    resolve({ status: isWhole ? Number(head.slice(9, 12)) : 0, ms: performance.now() - began });
  });
  return promise;
}

/** Of the answer with its head; NaN where it does not say. */
function wholeLength(head: string): number {
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1];
  return head.indexOf("\r\n\r\n") + 4 + Number(length ?? Number.NaN);
}
