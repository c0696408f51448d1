/** The directions of docs/architecture.md, held. */
const features = "^src/(configs|assets|delivery|firmware|revisions|fleet|health|home-assistant)/";
const kit = "^src/(http|announcements|store|blobs|images)/";
/** Values and rules that any part may use; they use no part. */
const shared = "^src/(fault|caller|change-message|folder)\\.ts$";

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      comment: "What needs each other is one part.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "by-the-door",
      comment: "A part is used by what its index.ts exports.",
      severity: "error",
      from: { path: "^src/([^/]+)/" },
      to: { path: "^src/[^/]+/", pathNot: ["^src/$1/", "^src/[^/]+/index\\.ts$"] },
    },
    {
      name: "main-and-service-by-the-door",
      severity: "error",
      from: { path: "^src/[^/]+\\.ts$" },
      to: { path: "^src/[^/]+/", pathNot: "^src/[^/]+/index\\.ts$" },
    },
    {
      name: "features-are-strangers",
      comment: "service.ts alone knows more than one of them.",
      severity: "error",
      from: { path: "^src/(configs|assets|delivery|firmware|revisions|fleet|health|home-assistant)/" },
      to: { path: features, pathNot: "^src/$1/" },
    },
    {
      name: "the-kit-knows-no-feature",
      severity: "error",
      from: { path: kit },
      to: { path: features },
    },
    {
      name: "store-and-blobs-know-neither-http-nor-mqtt",
      severity: "error",
      from: { path: "^src/(store|blobs)/" },
      to: { path: ["^src/(http|announcements)/", "node_modules/(hono|mqtt)/"] },
    },
    {
      name: "announcements-know-no-http",
      severity: "error",
      from: { path: "^src/announcements/" },
      to: { path: ["^src/http/", "node_modules/hono/"] },
    },
    {
      name: "http-knows-no-mqtt",
      severity: "error",
      from: { path: "^src/(http|configs|assets|delivery|firmware|revisions|fleet)/" },
      to: { path: ["^src/announcements/", "node_modules/mqtt/"] },
    },
    {
      name: "ops-is-at-the-bottom",
      severity: "error",
      from: { path: "^src/ops/" },
      to: { path: "^src/", pathNot: "^src/ops/" },
    },
    {
      name: "shared-values-use-no-part",
      severity: "error",
      from: { path: shared },
      to: { path: "^src/", pathNot: shared },
    },
    {
      name: "sql-in-the-store-alone",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/store/" },
      to: { path: "^bun:sqlite$" },
    },
    {
      name: "the-command-line-runs-no-service",
      comment: "It works on what is kept, by the rules of the features, without HTTP or MQTT.",
      severity: "error",
      from: { path: "^src/cli/" },
      to: {
        path: "^src/",
        pathNot: ["^src/(cli|configs|assets|images|store|blobs)/", "^src/settings\\.ts$", shared],
      },
    },
    {
      name: "nobody-needs-the-command-line",
      severity: "error",
      from: { pathNot: "^src/cli/" },
      to: { path: "^src/cli/" },
    },
    {
      name: "nobody-imports-the-process",
      severity: "error",
      from: {},
      to: { path: "^src/main\\.ts$" },
    },
    {
      name: "main-starts-the-service-and-the-service-is-put-together-there",
      severity: "error",
      from: { pathNot: "^src/(main|service)\\.ts$" },
      to: { path: "^src/(service|api|vitals)\\.ts$" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    exoticRequireStrings: [],
  },
};
