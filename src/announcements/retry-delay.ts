/** How long to wait before trying again, in milliseconds. */
export interface Backoff {
  readonly firstMs: number;
  readonly mostMs: number;
}

/**
 * The wait after so many failures in a row (1, 2, …): doubling up to a limit, and spread over its upper half
 * by `random` (0 to 1), so that those who failed together do not return together.
 */
export function retryDelayMs(failures: number, random: number, { firstMs, mostMs }: Backoff): number {
  const fullMs = Math.min(mostMs, firstMs * 2 ** (failures - 1));
  return fullMs * (0.5 + random / 2);
}
