/**
 * How long a test may take that says nothing of its own: tests start real brokers and services, and what hangs in them
 * has deadlines that say what was missing.
 */
export const TEST_TIMEOUT_MS = 30_000;
