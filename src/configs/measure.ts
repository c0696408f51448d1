import type { AppContext } from "../http/index.ts";
import type { Metrics } from "../ops/index.ts";

export type Operation = "list" | "get" | "save" | "rollback" | "delete";

/** Counts and times an operation on configs, whatever becomes of it. */
export function measuring(metrics: Metrics) {
  return (operation: Operation, handler: (c: AppContext) => Promise<Response>) =>
    async (c: AppContext): Promise<Response> => {
      const beganMs = performance.now();
      try {
        const response = await handler(c);
        metrics.configOperations.inc({ operation, status: "success" });
        return response;
      } catch (error) {
        metrics.configOperations.inc({ operation, status: "error" });
        throw error;
      } finally {
        metrics.configOperationDuration.observe({ operation }, (performance.now() - beganMs) / 1000);
      }
    };
}
