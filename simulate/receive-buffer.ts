import { dlopen, FFIType, ptr } from "bun:ffi";

/**
 * What a device's TCP takes before the program has read it. Real ones have a few kilobytes; below this, the loopback
 * interface's large segments would come in fits and starts.
 */
const RECEIVE_BUFFER_BYTES = 32 * 1024;

/**
 * Gives a connection a device's small buffer, so that a sender sees how far a slow or a broken reader really is. A system
 * without such a call keeps its own: megabytes, acknowledged whether anybody reads them or not.
 */
export function limitReceiveBuffer(socket: object): void {
  if (libc === null || !("fd" in socket) || typeof socket.fd !== "number") return;
  const bytes = ptr(new Int32Array([RECEIVE_BUFFER_BYTES]));
  libc.symbols.setsockopt(socket.fd, SOL_SOCKET, SO_RCVBUF, bytes, Int32Array.BYTES_PER_ELEMENT);
}

const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const libc = process.platform === "linux" ? loadLibc() : null;

/** Debian and its kin have the first, Alpine the others. */
function loadLibc() {
  for (const name of ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"]) {
    try {
      return dlopen(name, {
        setsockopt: {
          args: [FFIType.i32, FFIType.i32, FFIType.i32, FFIType.ptr, FFIType.u32],
          returns: FFIType.i32,
        },
      });
    } catch {
      // Not this system's: the next may be.
    }
  }
  return null;
}
