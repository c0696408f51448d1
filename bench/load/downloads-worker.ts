// Downloads one URL over several connections for a while: `bun downloads-worker.ts REQUEST PORT CONNECTIONS SECONDS`.
// wrk reads 8 KB at a time, and so is slower than what it would measure where answers are large; Bun reads 512 KB.
import { say } from "../../scripts/cli.mjs";

const [request = "", port = "", connections = "1", seconds = "1"] = process.argv.slice(2);
const HEAD_END = Buffer.from("\r\n\r\n");
const STATUS_AT = "HTTP/1.1 ".length;
const SUCCESS = "2".charCodeAt(0);

let answers = 0;
let refused = 0;
let broken = 0;
let isOver = false;
/** Of whole answers, by the length of their head. */
const lengths = new Map<number, number>();

/** How much is still to come of a connection's answer; null before its head. */
type Connection = { rest: number | null };

const began = performance.now();
await Promise.all(
  Array.from({ length: Number(connections) }, () =>
    Bun.connect<Connection>({
      hostname: "127.0.0.1",
      port: Number(port),
      data: { rest: null },
      socket: {
        open: (socket) => void socket.write(request),
        data(socket, bytes) {
          const { data: connection } = socket;
          connection.rest = (connection.rest ?? lengthSaidIn(bytes)) - bytes.length;
          if (connection.rest > 0) return;
          if (connection.rest < 0) broken++;
          answers++;
          connection.rest = null;
          if (!isOver) socket.write(request);
        },
        close() {
          if (!isOver) broken++;
        },
      },
    }),
  ),
);
await Bun.sleep(Number(seconds) * 1000);
isOver = true;
say(JSON.stringify({ requests: answers, seconds: (performance.now() - began) / 1000, refused, broken }));
process.exit(0);

/**
 * Of a whole answer, its head with it. Servers send a head in one piece. One as long as an earlier head says the same
 * but for its date; if not, the answer's end is missed, and that is seen.
 */
function lengthSaidIn(bytes: Buffer): number {
  const end = bytes.indexOf(HEAD_END) + HEAD_END.length;
  if (bytes[STATUS_AT] !== SUCCESS) refused++;
  const known = lengths.get(end);
  if (known !== undefined) return known;
  const head = bytes.subarray(0, end).toString("latin1");
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1]);
  if (Number.isNaN(length)) throw new Error(`an answer without a length:\n${head}`);
  lengths.set(end, end + length);
  return end + length;
}
