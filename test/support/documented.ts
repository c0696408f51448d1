import { expect } from "bun:test";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

/** What is looked at of an OpenAPI document: what each method of each path may answer. */
export type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
};
type Operation = { readonly responses: Readonly<Record<string, DocumentedAnswer>> };
type DocumentedAnswer = {
  readonly headers?: Readonly<Record<string, { readonly required: boolean }>>;
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
};

/** Of a refusal, besides the form that all have: the codes that it may have here. */
type Schema = {
  readonly allOf?: readonly {
    readonly properties?: { readonly code: { readonly enum: readonly string[] } };
  }[];
};

export type Asked = { readonly method: string; readonly path: string };

/** An answer, by whatever client. `text` is asked for where it is to be read. */
export type Answered = {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly text: () => Promise<string>;
};

/** The page's own parts: they are what a browser loads, and no part of the API. */
const PAGE_PARTS = "/api/docs/";

/** Holds answers against an OpenAPI document: nothing may be answered that it does not tell of. */
export class Documented {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #checks = new Map<string, ValidateFunction>();
  readonly #templates: readonly (readonly [pattern: RegExp, path: string])[];

  constructor(private readonly document: Document) {
    addFormats(this.#ajv);
    this.#ajv.addSchema(closed(document), "document");
    this.#templates = Object.keys(document.paths).map((path) => [patternOf(path), path]);
  }

  /** All of them: `GET /api/health 503`, and with each code that it may have, `GET /api/configs 503 BUSY`. */
  get answers(): readonly string[] {
    return Object.entries(this.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { responses }]) =>
        Object.entries(responses).flatMap(([status, answer]) =>
          codesOf(answer).map((code) => `${method.toUpperCase()} ${path} ${status} ${code}`.trim()),
        ),
      ),
    );
  }

  /** Fails where the answer's status, headers or body is not as it is documented. */
  async check({ method, path }: Asked, answer: Answered): Promise<void> {
    const pathname = path.replace(/[?#].*$/, "");
    if (pathname.startsWith(PAGE_PARTS)) return;
    const what = `${method} ${path} → ${answer.status}`;
    const templates = this.#templates.filter(([pattern]) => pattern.test(pathname)).map(([, each]) => each);
    const as = method === "HEAD" ? "get" : method.toLowerCase();
    const template = templates.find((each) => as in (this.document.paths[each] ?? {}));
    if (template === undefined) return await this.#checkOutside(what, templates.length > 0, method, answer);

    const status = String(answer.status);
    const documented = this.document.paths[template]?.[as]?.responses[status];
    expect(documented, `${what} is not documented`).toBeDefined();
    const { headers = {}, content = {} } = documented ?? {};
    for (const [name, { required }] of Object.entries(headers)) {
      if (required) expect(answer.headers.get(name), `${what} lacks ${name}`).not.toBeNull();
    }
    const type = essenceOf(answer.headers.get("Content-Type"));
    const types: (string | null)[] = Object.keys(content);
    expect(types.length > 0 ? types : [null], `${what}: Content-Type`).toContain(type);
    if (type !== "application/json" || method === "HEAD") return;
    await this.#checkBody(
      what,
      ["paths", template, as, "responses", status, "content", type, "schema"],
      answer,
    );
  }

  /** What the document says in words alone: of other paths, other methods, and pages of other origins. */
  async #checkOutside(what: string, isPath: boolean, method: string, answer: Answered): Promise<void> {
    if (method === "OPTIONS" && answer.status === 204) return;
    const statuses = isPath ? [405, 400, 403] : [404, 400, 403];
    expect(statuses, what).toContain(answer.status);
    if (answer.status === 405) expect(answer.headers.get("Allow"), `${what} lacks Allow`).not.toBeNull();
    if (method !== "HEAD") await this.#checkBody(what, ["components", "schemas", "Error"], answer);
  }

  async #checkBody(what: string, place: readonly string[], answer: Answered): Promise<void> {
    const pointer = `document#/${place.map((each) => encodeURIComponent(escaped(each))).join("/")}`;
    const check = this.#checks.get(pointer) ?? this.#ajv.compile({ $ref: pointer });
    this.#checks.set(pointer, check);
    const text = await answer.text();
    const isValid = check(JSON.parse(text));
    expect(isValid ? [] : check.errors, `${what}: ${text.slice(0, 500)}`).toEqual([]);
  }
}

/** The codes of a refusal; for any other answer, one that is empty. */
function codesOf({ content = {} }: DocumentedAnswer): readonly string[] {
  const { allOf = [] } = content["application/json"]?.schema ?? {};
  const codes = allOf.flatMap(({ properties }) => properties?.code.enum ?? []);
  return codes.length > 0 ? codes : [""];
}

/** `/api/configs/{mac}.json` → what matches it. */
function patternOf(path: string): RegExp {
  const literal = path.split(/\{\w+\}/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${literal.join("[^/]+")}$`);
}

/** The same with every object closed: a member that is not documented is none that may come. */
function closed<T>(part: T): T {
  if (Array.isArray(part)) return part.map(closed) as T;
  if (part === null || typeof part !== "object") return part;
  const entries = Object.entries(part).map(([name, value]) => [name, closed(value)]);
  const copy = Object.fromEntries(entries);
  const isObject = copy.type === "object" && copy.properties !== undefined;
  return isObject ? { additionalProperties: false, ...copy } : copy;
}

function essenceOf(type: string | null): string | null {
  return type?.split(";")[0]?.trim() ?? null;
}

/** As a JSON pointer has it (RFC 6901, section 3). */
function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
