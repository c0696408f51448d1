import { fileURLToPath } from "node:url";
import { recordNotFound } from "../fault.ts";
import type { Routes } from "./app.ts";
import type { Operations } from "./operation.ts";

/** Nothing from elsewhere: the page works with no network, and tells nobody who reads it. */
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>iotsupport API</title>
    <link rel="stylesheet" href="/api/docs/swagger-ui.css">
  </head>
  <body>
    <div id="api"></div>
    <script src="/api/docs/swagger-ui-bundle.js"></script>
    <script src="/api/docs/begin.js"></script>
  </body>
</html>
`;

const begin = `SwaggerUIBundle({ url: "/api/openapi.json", dom_id: "#api", deepLinking: true, validatorUrl: null });
`;

/** The page's script and style, from the library's own package. */
const libraryFiles = new Map([
  ["swagger-ui.css", import.meta.resolve("swagger-ui-dist/swagger-ui.css")],
  ["swagger-ui-bundle.js", import.meta.resolve("swagger-ui-dist/swagger-ui-bundle.js")],
]);

/** What the document says of itself and of its page. */
const docsOperations: Operations = {
  "/api/openapi.json": {
    get: {
      tag: "Documents",
      summary: "This document",
      answers: { 200: { description: "OpenAPI 3.1", content: { type: "application/json", schema: null } } },
    },
  },
  "/api/docs": {
    get: {
      tag: "Documents",
      summary: "A page to read it and try it",
      answers: { 200: { description: "The page", content: { type: "text/html", schema: null } } },
    },
  },
};

/** The OpenAPI document, and a page to read and try it. Both are made when they are first asked for. */
export function docsRoutes(operations: readonly Operations[], version: string): Routes {
  let document: Promise<string> | null = null;
  return (app) => {
    app.get("/", (c) => c.redirect("/api/docs")); // People open the address that `npm start` prints.
    app.get("/api/openapi.json", async (c) => {
      document ??= render(operations, version);
      return c.body(await document, 200, { "Content-Type": "application/json" });
    });
    app.get("/api/docs", (c) => c.html(page, 200, { "Content-Security-Policy": POLICY }));
    app.get("/api/docs/:file", (c) => script(c.req.param("file")));
  };
}

async function render(operations: readonly Operations[], version: string): Promise<string> {
  const { openApiDocument } = await import("./openapi.ts");
  return JSON.stringify(openApiDocument([...operations, docsOperations], version));
}

function script(name: string): Response {
  if (name === "begin.js") return new Response(begin, { headers: { "Content-Type": "text/javascript" } });
  const url = libraryFiles.get(name);
  if (url === undefined) throw recordNotFound("path", `/api/docs/${name}`);
  const headers = { "Content-Disposition": "inline", "Cache-Control": "max-age=86400" };
  return new Response(Bun.file(fileURLToPath(url)), { headers });
}
