import { type ConversionConfig, type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";
import type { FaultCode } from "../fault.ts";
import { ErrorBody, headerOfFault, statusOf } from "./faults.ts";
import {
  type Answer,
  type Content,
  type HeaderName,
  headerDescriptions,
  type Operation,
  type Operations,
  type Parameter,
} from "./operation.ts";

const DESCRIPTION = `Configs and signed assets for devices, announced over MQTT when they change.

Every refusal is a JSON object of the form \`Error\`. A path that is not here is answered 404 \`RECORD_NOT_FOUND\`, a
method that a path does not have 405 \`METHOD_NOT_ALLOWED\` with \`Allow\`. HEAD is answered wherever GET is, and OPTIONS
to pages of CORS_ORIGINS.`;

/** What any request may be refused with: for its Host, or for a fault of ours. */
const ANY_REQUEST = ["VALIDATION_FAILED", "INTERNAL_ERROR"] as const satisfies readonly FaultCode[];

/**
 * The OpenAPI 3.1 document of all operations. What clients send and are answered is rendered from the valibot
 * schemas, up to their first transformation.
 */
export function openApiDocument(operations: readonly Operations[], version: string): object {
  const named = operations.flatMap((each) => Object.entries(each));
  const tags = new Set(named.flatMap(([, methods]) => Object.values(methods).map(({ tag }) => tag)));
  // Two features may own different methods of one path.
  const paths = Map.groupBy(named, ([path]) => path);
  return {
    openapi: "3.1.0",
    info: {
      title: "iotsupport",
      version,
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    tags: [...tags].map((name) => ({ name })),
    paths: Object.fromEntries(
      [...paths].map(([path, parts]) => [
        path,
        Object.assign({}, ...parts.map(([, each]) => methodsOf(path, each))),
      ]),
    ),
    components: { schemas: { Error: schemaOf(ErrorBody) } },
  };
}

function methodsOf(path: string, methods: Operations[string]): object {
  const entries = Object.entries(methods);
  return Object.fromEntries(
    entries.map(([method, operation]) => [method, rendered(operation, idOf(method, path))]),
  );
}

function rendered(operation: Operation, operationId: string): object {
  const { tag, summary, description, parameters = [], query, body, answers, faults = [] } = operation;
  const requestId = { "X-Request-Id": headerOf("X-Request-Id", operation.repeatsIdOnly !== true) };
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    parameters: [...parameters.map(parameterOf), ...(query === undefined ? [] : queryParameters(query))],
    ...(body !== undefined && {
      requestBody: { required: true, description: body.description, content: contentOf(body) },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [status, answerOf(answer, requestId)]),
      ),
      ...refusals(faults, requestId),
    },
  };
}

function parameterOf({ in: place, name, description, example }: Parameter): object {
  return {
    in: place,
    name,
    description,
    required: place === "path",
    schema: { type: "string" },
    ...(example !== undefined && { example }),
  };
}

function queryParameters(query: GenericSchema): readonly object[] {
  const { properties = {}, required = [] } = schemaOf(query);
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...schema } = property as JsonSchema; // `true` and `false` are no member of a query.
    return { in: "query", name, description, required: required.includes(name), schema };
  });
}

function answerOf({ description, content, headers = [] }: Answer, requestId: object): object {
  return {
    description,
    headers: { ...Object.fromEntries(headers.map((name) => [name, headerOf(name, true)])), ...requestId },
    ...(content !== undefined && { content: Object.assign({}, ...[content].flat().map(contentOf)) }),
  };
}

/** Several codes may share a status. */
function refusals(faults: readonly FaultCode[], requestId: object): Record<string, object> {
  const byStatus = Map.groupBy<number, FaultCode>(
    new Set([...faults, ...ANY_REQUEST]),
    (code) => statusOf[code],
  );
  const answers = [...byStatus].map(([status, codes]) => [
    String(status),
    {
      description: codes.map((code) => `\`${code}\``).join(" or "),
      headers: { ...faultHeaders(codes), ...requestId },
      content: { "application/json": { schema: errorOf(codes) } },
    },
  ]);
  return Object.fromEntries(answers);
}

/** A header is always there where each of the codes has it. */
function faultHeaders(codes: readonly FaultCode[]): Record<string, object> {
  const names = new Set(codes.map((code) => headerOfFault[code]).filter((name) => name !== undefined));
  const isAlwaysThere = (name: HeaderName) => codes.every((code) => headerOfFault[code] === name);
  return Object.fromEntries([...names].map((name) => [name, headerOf(name, isAlwaysThere(name))]));
}

function headerOf(name: HeaderName, required: boolean): object {
  return { description: headerDescriptions[name], required, schema: { type: "string" } };
}

function errorOf(codes: readonly FaultCode[]): object {
  return { allOf: [{ $ref: "#/components/schemas/Error" }, { properties: { code: { enum: codes } } }] };
}

function contentOf({ type, schema }: Content): object {
  return { [type]: { schema: schema === null ? {} : schemaOf(schema) } };
}

function schemaOf(schema: GenericSchema): JsonSchema {
  const options: ConversionConfig = { typeMode: "input", target: "draft-2020-12" };
  const { $schema, ...rendered } = toJsonSchema(schema, options);
  return rendered;
}

/** `get /api/configs/{mac}` → `getApiConfigsMac`: stable, for clients that are generated. */
function idOf(method: string, path: string): string {
  const words = path.split(/[^A-Za-z\d]+/).filter((word) => word !== "");
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}
