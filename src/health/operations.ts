import type { Operations } from "../http/index.ts";
import { HealthAnswer, ProbeAnswer } from "./routes.ts";

const health = { type: "application/json", schema: HealthAnswer };
const probe = { type: "application/json", schema: ProbeAnswer };

/** What the document says of monitoring. */
export const healthOperations: Operations = {
  "/api/health": {
    get: {
      tag: "Health",
      summary: "How the service is",
      description: "A broker that is away does not make it unhealthy: announcements wait.",
      answers: {
        200: { description: "Healthy", content: health },
        503: { description: "The store cannot be written", content: health },
      },
    },
  },
  "/api/health/live": {
    get: {
      tag: "Health",
      summary: "Whether it runs",
      answers: { 200: { description: "It does", content: probe } },
    },
  },
  "/api/health/ready": {
    get: {
      tag: "Health",
      summary: "Whether to send it requests",
      answers: {
        200: { description: "Do", content: probe },
        503: { description: "It is stopping, or cannot be written", content: probe },
      },
    },
  },
  "/metrics": {
    get: {
      tag: "Health",
      summary: "Metrics for Prometheus",
      answers: { 200: { description: "In its text format", content: { type: "text/plain", schema: null } } },
    },
  },
};
