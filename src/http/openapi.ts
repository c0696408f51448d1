import { type ConversionConfig, toJsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";
import type { FaultCode } from "../fault.ts";
import { ErrorBody, statusOf } from "./faults.ts";
import {
  type Answer,
  type Content,
  headerDescriptions,
  type Operation,
  type Operations,
} from "./operation.ts";

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
      description: "Configs and signed assets for devices, announced over MQTT when they change.",
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
  const { tag, summary, description, parameters = [], body, answers, faults = [] } = operation;
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description !== undefined && { description }),
    parameters: parameters.map(({ in: place, name, description, example }) => ({
      in: place,
      name,
      description,
      required: place === "path",
      schema: { type: "string" },
      ...(example !== undefined && { example }),
    })),
    ...(body !== undefined && {
      requestBody: { required: true, description: body.description, content: contentOf(body) },
    }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, answerOf(answer)])),
      ...faultAnswers(faults),
    },
  };
}

function answerOf({ description, content, headers = [] }: Answer): object {
  return {
    description,
    ...(headers.length > 0 && {
      headers: Object.fromEntries(
        headers.map((name) => [name, { description: headerDescriptions[name], schema: { type: "string" } }]),
      ),
    }),
    ...(content !== undefined && { content: contentOf(content) }),
  };
}

/** Several codes may share a status; every operation may fail on our side. */
function faultAnswers(codes: readonly FaultCode[]): Record<string, object> {
  const byStatus = Map.groupBy<number, FaultCode>([...codes, "INTERNAL_ERROR"], (code) => statusOf[code]);
  const answers = [...byStatus].map(([status, codes]) => [
    String(status),
    {
      description: codes.map((code) => `\`${code}\``).join(" or "),
      content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
    },
  ]);
  return Object.fromEntries(answers);
}

function contentOf({ type, schema }: Content): object {
  return { [type]: { schema: schema === null ? {} : schemaOf(schema) } };
}

function schemaOf(schema: GenericSchema): object {
  const options: ConversionConfig = { typeMode: "input", target: "draft-2020-12" };
  const { $schema, ...rendered } = toJsonSchema(schema, options);
  return rendered;
}

/** `get /api/configs/{mac}` → `getApiConfigsMac`: stable, for clients that are generated. */
function idOf(method: string, path: string): string {
  const words = path.split(/[^A-Za-z]+/).filter((word) => word !== "");
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}
