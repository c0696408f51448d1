/** Every way in which the service refuses a request, by its code. Clients rely on the codes. */
export type FaultCode =
  | "BUSY"
  | "FORBIDDEN"
  | "INTERNAL_ERROR"
  | "INVALID_OPERATION"
  | "METHOD_NOT_ALLOWED"
  | "PAYLOAD_TOO_LARGE"
  | "PRECONDITION_FAILED"
  | "RANGE_NOT_SATISFIABLE"
  | "RECORD_EXISTS"
  | "RECORD_NOT_FOUND"
  | "REQUEST_TIMEOUT"
  | "STORAGE_FULL"
  | "STORE_UNAVAILABLE"
  | "UNSUPPORTED_MEDIA_TYPE"
  | "UPLOADS_DISABLED"
  | "VALIDATION_FAILED"
  | "WRONG_CHIP";

/** What a program may want to know of a fault besides its code. Never a secret, never a config's content. */
export type Details = Readonly<Record<string, string | number | boolean | readonly string[] | null>>;

/** Ends a request. It knows no HTTP: `http/` alone gives a code its status. */
export class Fault extends Error {
  constructor(
    readonly code: FaultCode,
    message: string,
    readonly details: Details | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "Fault";
  }
}

export const recordNotFound = (what: "config" | "asset" | "device" | "path", name: string) =>
  new Fault("RECORD_NOT_FOUND", `there is no ${what} ${quote(name)}`);

export const revisionNotFound = (what: "config" | "asset", name: string, revision: number) =>
  new Fault(
    "RECORD_NOT_FOUND",
    `there is no revision ${revision} of ${what} ${quote(name)} to be had: it is a delete, is kept no more, or never was`,
    { field: "revision" },
  );

export const recordExists = (what: "config", name: string) =>
  new Fault("RECORD_EXISTS", `${what} ${name} exists already, and allow_overwrite is false`);

/** A manifest has to name the chip that an image is for. */
export const noManifest = (filename: string) =>
  new Fault(
    "RECORD_NOT_FOUND",
    `there is no manifest of ${quote(filename)}: it is no image of a chip that we know`,
  );

/** A device that installed it might not start again. */
export const wrongChip = (filename: string, expected: string, chip: string) =>
  new Fault("WRONG_CHIP", `chip: ${quote(filename)} is for ${expected}, and this device is an ${chip}`, {
    field: "chip",
    expected,
  });

/** Input that breaks a rule: the message always begins with the field's name. */
export const validationFailed = (
  field: string,
  reason: string,
  details: Details = {},
  options?: ErrorOptions,
) => new Fault("VALIDATION_FAILED", `${field}: ${reason}`, { field, ...details }, options);

/** The client hung up: nobody will read this but the log. */
export const bodyCutOff = (cause: unknown) =>
  validationFailed("body", "was cut off: the connection closed before its end", {}, { cause });

export const invalidMac = (given: string) =>
  new Fault(
    "INVALID_OPERATION",
    `mac_address: the format of ${quote(given)} is invalid; expected aa-bb-cc-dd-ee-ff`,
    { field: "mac_address" },
  );

export const preconditionFailed = (field: "If-Match" | "If-None-Match", reason: string) =>
  new Fault("PRECONDITION_FAILED", `${field}: ${reason}`, { field });

export const unsupportedMediaType = (
  field: "Content-Type" | "Content-Encoding",
  given: string | null,
  expected: string,
) =>
  new Fault(
    "UNSUPPORTED_MEDIA_TYPE",
    `${field}: expected ${expected}, not ${given === null ? "a body without one" : quote(given)}`,
    { field, expected },
  );

export const payloadTooLarge = (field: string, maxBytes: number) =>
  new Fault("PAYLOAD_TOO_LARGE", `${field}: larger than the ${maxBytes} bytes allowed`, { field, maxBytes });

export const requestTimeout = (reason: string) => new Fault("REQUEST_TIMEOUT", reason);

export const rangeNotSatisfiable = (sizeBytes: number) =>
  new Fault("RANGE_NOT_SATISFIABLE", `Range: nothing of it lies within the file's ${sizeBytes} bytes`, {
    field: "Range",
    sizeBytes,
  });

/** Who goes on with it would join the bytes of two revisions. */
export const notResumable = (sizeBytes: number) =>
  new Fault(
    "RANGE_NOT_SATISFIABLE",
    "Range: the file was replaced, and the revision that this download began is not known or not kept; begin anew",
    { field: "Range", sizeBytes },
  );

export const methodNotAllowed = (method: string, allow: readonly string[]) =>
  new Fault("METHOD_NOT_ALLOWED", `${method} is not possible here; ${allow.join(", ")} are`, { allow });

export const forbidden = (reason: string) => new Fault("FORBIDDEN", reason);

export const busy = (reason: string) => new Fault("BUSY", reason);

export const uploadsDisabled = () =>
  new Fault(
    "UPLOADS_DISABLED",
    "uploads are off: SIGNING_KEY_PATH is not set, so no signature can be checked",
  );

export const storageFull = (options?: ErrorOptions) =>
  new Fault(
    "STORAGE_FULL",
    "the disk is full: nothing was stored; delete something or make room",
    null,
    options,
  );

export const storeUnavailable = (reason: string, options?: ErrorOptions) =>
  new Fault("STORE_UNAVAILABLE", `the store is unavailable: ${reason}`, null, options);

/** Text from outside as it may stand in a message: escaped, and no longer than a line. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
