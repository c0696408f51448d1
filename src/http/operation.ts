import type { GenericSchema } from "valibot";
import type { FaultCode } from "../fault.ts";

/** One method of one path, as the OpenAPI document tells of it. The schemas are those that validate and type. */
export interface Operation {
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** In the path and the headers; in the query where `query` does not tell of them. */
  readonly parameters?: readonly Parameter[];
  /** The object by which the query is read: each member is a parameter, described before any transformation. */
  readonly query?: GenericSchema;
  readonly body?: Content & { readonly description: string };
  /** By status, the refusals apart. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Its refusals, besides those that any request may get. */
  readonly faults?: readonly FaultCode[];
  /** Whether a request's id is answered only where the client sent one: so where devices fetch. */
  readonly repeatsIdOnly?: boolean;
}

export interface Parameter {
  readonly in: "path" | "query" | "header";
  readonly name: string;
  readonly description: string;
  readonly example?: string;
}

export interface Content {
  readonly type: string;
  /** Null: bytes, or text that is in no JSON. */
  readonly schema: GenericSchema | null;
}

export interface Answer {
  readonly description: string;
  /** Several where the client chooses by its Accept. */
  readonly content?: Content | readonly Content[];
  readonly headers?: readonly HeaderName[];
}

/** The headers that answers carry, each described once. */
export type HeaderName = keyof typeof headerDescriptions;

export const headerDescriptions = {
  ETag: "The strong name of exactly this version",
  "X-Revision": "The number of the change that made it",
  "Accept-Ranges": "bytes",
  "Content-Range": "Which bytes these are, of how many",
  "Retry-After": "After how many seconds it is worth another try",
  "X-Request-Id": "The request's id, as it stands in the log: the client's own where that was sane",
} as const;

/** By path, with `{name}` where a parameter stands. */
export type Operations = Readonly<
  Record<string, Partial<Record<"get" | "put" | "post" | "patch" | "delete", Operation>>>
>;

export const macInPath: Parameter = {
  in: "path",
  name: "mac",
  description: "The device's MAC address, with hyphens, colons or neither, in either case",
  example: "aa-bb-cc-dd-ee-ff",
};

export const filenameInPath: Parameter = {
  in: "path",
  name: "filename",
  description: "The asset's name",
  example: "firmware.bin",
};

/** Conditions that a read may carry. */
export const ifNoneMatch: Parameter = {
  in: "header",
  name: "If-None-Match",
  description: "ETags; the answer is 304 where one of them is current",
};

/** Conditions that a read or a change may carry. */
export const ifMatch: Parameter = {
  in: "header",
  name: "If-Match",
  description: "ETags, or *; the request is refused where none of them is current",
};
