import { connect, createServer } from "node:net";

/** How far from the wanted port a free one is looked for. */
const PORTS_TRIED = 100;

/**
 * Only a port that somebody listens on counts as taken: whatever else is wrong with it, the server tells better.
 *
 * @param {number} port
 * @param {string} host
 * @returns {Promise<boolean>}
 */
export function isTaken(port, host) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve("code" in error && error.code === "EADDRINUSE"));
    try {
      server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(false)));
    } catch {
      resolve(false); // No port number at all.
    }
  });
}

/**
 * @param {number} wanted
 * @param {string} host
 * @returns {Promise<number | undefined>} the wanted port, or the next one that nobody listens on
 */
export async function firstFree(wanted, host) {
  for (let port = wanted; port < wanted + PORTS_TRIED; port++) {
    if (!(await isTaken(port, host))) return port;
  }
  return undefined;
}

/**
 * @param {number} port
 * @param {string} host
 * @returns {Promise<boolean>} whether somebody takes connections there
 */
export function answers(port, host) {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    socket.once("connect", () => socket.destroy() && resolve(true));
    socket.once("error", () => resolve(false));
  });
}
