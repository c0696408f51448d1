import type { App } from "./env.ts";

/**
 * How long a connection may be idle. It counts from a request's head and is not renewed by arriving body
 * bytes, so that uploads set their own.
 */
const IDLE_SECONDS = 30;
const STOP_MS = 5_000;

export interface HttpServer {
  /** Where it listens, without a slash at its end. */
  readonly url: string;
  /** Takes no new connections, lets requests in flight finish for 5 s, then cuts what is left. */
  stop(): Promise<void>;
}

/** Opens the listener. Throws where the address is taken or cannot be had. */
export function serve(app: App, hostname: string, port: number): HttpServer {
  const server = Bun.serve({
    hostname,
    port,
    idleTimeout: IDLE_SECONDS,
    // Each route has its own limit, and answers it with a reason.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch: (request, server) => app.fetch(request, { server }),
  });
  return {
    url: server.url.origin,
    async stop() {
      // A half-sent head would hold it up for ever.
      const cut = setTimeout(() => void server.stop(true), STOP_MS);
      await server.stop();
      clearTimeout(cut);
    },
  };
}
