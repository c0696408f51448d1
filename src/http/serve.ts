import type { Log } from "../ops/index.ts";
import type { App, HttpListener } from "./env.ts";
import { faultFrom, faultResponse } from "./faults.ts";

/**
 * How long a connection may be idle. It counts from a request's head and is not renewed by arriving body
 * bytes, so that uploads set their own.
 */
const IDLE_SECONDS = 30;
const STOP_MS = 5_000;

export interface HttpServer {
  /** Where it listens, without a slash at its end. */
  readonly url: string;
  /** From now on each answer ends its connection, so that clients go elsewhere (RFC 9112, section 9.6). */
  leave(): void;
  /** Takes no new connections, lets requests in flight finish for 5 s, then cuts what is left. */
  stop(): Promise<void>;
}

/**
 * A way in for some requests, past the app. What it does not take goes on by `longWay`, and is answered as if
 * this way were not there.
 */
export type ShortWay = (
  request: Request,
  server: HttpListener,
  longWay: LongWay,
) => Response | Promise<Response>;
type LongWay = () => Response | Promise<Response>;

/** Opens the listener. Throws where the address is taken or cannot be had. */
export function serve(app: App, shortWay: ShortWay, hostname: string, port: number, log: Log): HttpServer {
  let isLeaving = false;
  const lastWords = (response: Response) => {
    if (isLeaving) response.headers.set("Connection", "close");
    return response;
  };
  const server = Bun.serve({
    hostname,
    port,
    idleTimeout: IDLE_SECONDS,
    // Each route has its own limit, and answers it with a reason.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch: (request, server) => {
      const response = shortWay(request, server, () => app.fetch(request, { server }));
      return response instanceof Promise ? response.then(lastWords) : lastWords(response);
    },
    // The app answers its own faults. What gets past it must show nothing either: Bun's page for it has our sources.
    development: false,
    reusePort: false, // Which goes with it unless it is said: two services would share a port, and neither know.
    error: (error) => failed(error, log),
  });
  return {
    url: server.url.origin,
    leave() {
      isLeaving = true;
    },
    async stop() {
      isLeaving = true;
      // A half-sent head would hold it up for ever.
      const cut = setTimeout(() => void server.stop(true), STOP_MS);
      await server.stop();
      clearTimeout(cut);
    },
  };
}

function failed(error: Error, log: Log): Response {
  const requestId = crypto.randomUUID();
  log.error({ requestId, err: error }, "failed");
  const response = faultResponse(faultFrom(error), requestId);
  response.headers.set("X-Request-Id", requestId);
  return response;
}
