import type { Ask } from "./ask.ts";

const STALL_SECONDS = 120;

/**
 * Gives a download its own deadline for standing still. What counts is when the kernel takes more from us, and it may
 * hold megabytes by then: a device that reads 30 KB/s was cut off by the listener's 30 s, though it never paused.
 */
export function bearSlowReader({ request, listener }: Ask): void {
  // Bun sets its own timeout when the answer begins, so ours is set a second later.
  setTimeout(() => listener?.timeout(request, STALL_SECONDS), 1_000);
}
