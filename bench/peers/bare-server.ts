// The least that Bun can do between its start and an answer.
import { say } from "../../scripts/cli.mjs";

const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("ready") });
say(JSON.stringify({ msg: "listening", url: server.url.origin }));
