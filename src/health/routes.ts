import * as v from "valibot";
import type { Routes } from "../http/index.ts";
import type { Metrics } from "../ops/index.ts";

/** How the service is, as seen from inside. */
export interface Condition {
  /** Why nothing can be saved; null while the store can be written and read. */
  readonly storeTrouble: string | null;
  /** Whether it can do nothing at all, until somebody sees to it. On a full disk, reads and deletes go on. */
  readonly hasFailed: boolean;
  readonly isDraining: boolean;
  readonly mqtt: "disabled" | "connected" | "disconnected";
  /** Why announcements wait, where that is known. Anybody may read it: no address, no secret. */
  readonly mqttTrouble: string | null;
  /** Null where they cannot be counted, which is trouble. */
  readonly pendingAnnouncements: number | null;
}

export const HealthAnswer = v.object({
  status: v.picklist(["healthy", "unhealthy"]),
  reason: v.optional(v.string()),
  mqtt: v.picklist(["disabled", "connected", "disconnected"]),
  mqtt_reason: v.optional(v.pipe(v.string(), v.description("Why announcements wait, where that is known"))),
  pending_announcements: v.pipe(
    v.nullable(v.pipe(v.number(), v.integer())),
    v.description("Null where they cannot be counted"),
  ),
});

export const ProbeAnswer = v.object({ status: v.picklist(["live", "ready", "not ready", "draining"]) });

/** What monitoring and orchestrators ask. A broker that is away does not make the service unhealthy. */
export function healthRoutes(condition: () => Promise<Condition>, { registry }: Metrics): Routes {
  return (app) => {
    app.get("/api/health", async () => health(await condition()));
    app.get("/api/health/live", () => answer(200, { status: "live" }));
    app.get("/api/health/ready", async () => readiness(await condition()));
    app.get("/metrics", async () => {
      const headers = { "Content-Type": registry.contentType, "Cache-Control": "no-store" };
      return new Response(await registry.metrics(), { headers });
    });
  };
}

function health({ storeTrouble, mqtt, mqttTrouble, pendingAnnouncements }: Condition): Response {
  const reason = mqttTrouble === null ? {} : { mqtt_reason: mqttTrouble };
  const facts = { mqtt, ...reason, pending_announcements: pendingAnnouncements };
  if (storeTrouble === null) return answer(200, { status: "healthy", ...facts });
  return answer(503, { status: "unhealthy", reason: storeTrouble, ...facts });
}

function readiness({ hasFailed, isDraining }: Condition): Response {
  if (isDraining) return answer(503, { status: "draining" });
  return hasFailed ? answer(503, { status: "not ready" }) : answer(200, { status: "ready" });
}

type Body = v.InferOutput<typeof HealthAnswer> | v.InferOutput<typeof ProbeAnswer>;

function answer(status: number, body: Body): Response {
  return Response.json(body, { status, headers: { "Cache-Control": "no-store" } });
}
