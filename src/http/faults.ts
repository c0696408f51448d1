import type { ContentfulStatusCode } from "hono/utils/http-status";
import * as v from "valibot";
import { Fault, type FaultCode } from "../fault.ts";

/** The body of every 4xx and 5xx. */
export const ErrorBody = v.object({
  error: v.pipe(v.string(), v.description("What was wrong, in a sentence that begins with the field")),
  details: v.nullable(v.record(v.string(), v.unknown())),
  code: v.pipe(v.string(), v.description("Stable, for programs")),
  correlationId: v.pipe(v.string(), v.description("Stands in the log line of this request")),
});

/** The one place where a fault meets HTTP. A code without a status does not compile. */
export const statusOf = {
  BUSY: 503,
  FORBIDDEN: 403,
  INTERNAL_ERROR: 500,
  INVALID_OPERATION: 400,
  METHOD_NOT_ALLOWED: 405,
  PAYLOAD_TOO_LARGE: 413,
  PRECONDITION_FAILED: 412,
  RANGE_NOT_SATISFIABLE: 416,
  RECORD_EXISTS: 409,
  RECORD_NOT_FOUND: 404,
  REQUEST_TIMEOUT: 408,
  STORAGE_FULL: 507,
  STORE_UNAVAILABLE: 503,
  UNSUPPORTED_MEDIA_TYPE: 415,
  UPLOADS_DISABLED: 503,
  VALIDATION_FAILED: 400,
  WRONG_CHIP: 409,
} as const satisfies Record<FaultCode, ContentfulStatusCode>;

/** The headers that say of a refusal what a client needs, for those that have one. */
export const headerOfFault: Partial<Readonly<Record<FaultCode, "Retry-After" | "Content-Range">>> = {
  BUSY: "Retry-After",
  STORE_UNAVAILABLE: "Retry-After",
  RANGE_NOT_SATISFIABLE: "Content-Range",
};

const RETRY_AFTER_SECONDS = "5";

/** The answer to a request that a fault has ended. */
export function faultResponse(fault: Fault, requestId: string): Response {
  const body: v.InferOutput<typeof ErrorBody> = {
    error: fault.message,
    details: fault.details,
    code: fault.code,
    correlationId: requestId,
  };
  return Response.json(body, { status: statusOf[fault.code], headers: headersOf(fault) });
}

/** Whatever was thrown, as a fault. What is none is a bug, and shows nothing of itself. */
export function faultFrom(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  return new Fault("INTERNAL_ERROR", "something went wrong on our side; the log has it under this id", null, {
    cause: thrown,
  });
}

function headersOf(fault: Fault): Record<string, string> {
  const { code, details } = fault;
  const headers: Record<string, string> = { "Cache-Control": "no-store" };
  if (code === "METHOD_NOT_ALLOWED" && Array.isArray(details?.["allow"])) {
    headers["Allow"] = details["allow"].join(", ");
  }
  const own = headerOfFault[code];
  if (own === "Content-Range") headers[own] = `bytes */${details?.["sizeBytes"]}`;
  if (own === "Retry-After") headers[own] = RETRY_AFTER_SECONDS;
  if (mustClose(fault)) headers["Connection"] = "close";
  return headers;
}

/**
 * Whether the connection can carry no other request: its client is stuck, or may be of another opinion than we about
 * where a request begins, and whom it is for. After every other refusal the rest of the body is read and passed over,
 * for as long as the connection may be idle: who sends all before it reads would find it reset, and no answer
 * (RFC 9112, section 9.6).
 */
function mustClose({ code, details }: Fault): boolean {
  return code === "REQUEST_TIMEOUT" || details?.["field"] === "Host";
}
