// `npm run sign -- FILE`: uploads a file as a build pipeline does, its timestamp signed with a private key.
import { createPrivateKey, randomUUID, sign } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import { basename, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { reasonOf, runCommand, Stop, say, WRONG_USAGE } from "./cli.mjs";
import { signingKeyPaths } from "./start-plan.mjs";

const USAGE = `npm run sign -- FILE [--url http://127.0.0.1:3201] [--key PATH]

Uploads FILE to the service at --url, signed with the private RSA key (PEM) at --key; by default the demo key that
npm start made in DATA_DIR (./data).`;

await runCommand(async () => {
  const { file, url, keyPath, help } = readArguments(process.argv.slice(2), process.env);
  if (help) {
    say(USAGE);
    return 0;
  }
  const fields = signedFields(readKey(keyPath));
  const answer = await upload(url, fields, await openFile(file), basename(file));
  say(answer.body);
  if (answer.status !== 200)
    throw new Stop(`The service refused the upload (HTTP ${answer.status}); its reason stands above.`);
  return 0;
});

/** @param {import("node:crypto").KeyObject} key */
function signedFields(key) {
  const timestamp = new Date().toISOString().replace("Z", "+00:00");
  return { timestamp, signature: sign("sha256", Buffer.from(timestamp), key).toString("base64") };
}

/**
 * Sends a form as RFC 7578 has it, its file read from disk as it goes: through fetch(), which does not wait for the
 * socket, one of 600 MB took 704 MB of memory. The fields come before the file, so that a service can refuse them
 * without reading it.
 *
 * @param {string} url
 * @param {Record<string, string>} fields
 * @param {import("node:fs/promises").FileHandle} file
 * @param {string} name
 * @returns {Promise<{ status: number, body: string }>}
 */
async function upload(url, fields, file, name) {
  const boundary = randomUUID();
  const head = Buffer.from(beforeFile(boundary, fields, name));
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const { size } = await file.stat();
  const target = new URL("/api/assets", url);
  const request = (target.protocol === "https:" ? https : http).request(target, {
    method: "POST",
    headers: {
      "Content-Type": `multipart/form-data; boundary=${boundary}`,
      "Content-Length": head.length + size + tail.length,
    },
  });
  try {
    const answered = once(request, "response");
    pipeline(inTurn(head, file.createReadStream(), tail), request).catch(() => undefined); // `answered` fails too.
    const [answer] = await answered;
    return { status: answer.statusCode, body: await text(answer) };
  } catch (error) {
    throw new Stop(
      `The upload to ${url} failed: ${reasonOf(error)}. Does the service run there? npm start begins one.`,
    );
  } finally {
    request.destroy(); // A refusal may come before all is sent: the rest is not.
  }
}

/**
 * @param {string} boundary
 * @param {Record<string, string>} fields
 * @param {string} name
 */
function beforeFile(boundary, fields, name) {
  const part = (/** @type {string} */ parameters) =>
    `--${boundary}\r\nContent-Disposition: form-data; ${parameters}\r\n`;
  const quoted = name.replace(/["\r\n]/g, encodeURIComponent); // As browsers do, by WHATWG's HTML standard.
  const parts = Object.entries(fields).map(([field, value]) => `${part(`name="${field}"`)}\r\n${value}\r\n`);
  const file = `${part(`name="file"; filename="${quoted}"`)}Content-Type: application/octet-stream\r\n\r\n`;
  return parts.join("") + file;
}

/**
 * @param {Buffer} head
 * @param {import("node:fs").ReadStream} file
 * @param {Buffer} tail
 */
async function* inTurn(head, file, tail) {
  yield head;
  yield* file;
  yield tail;
}

/** @param {string} path */
async function openFile(path) {
  try {
    const file = await open(path);
    if (!(await file.stat()).isFile()) throw new Error("it is no file");
    return file;
  } catch (error) {
    throw new Stop(`${path} cannot be read: ${reasonOf(error)}`);
  }
}

/** @param {string} path */
function readKey(path) {
  try {
    return createPrivateKey(readFileSync(path));
  } catch (error) {
    throw new Stop(
      `No private key can be read from ${path}: ${reasonOf(error)}. npm start makes one; or set --key.`,
    );
  }
}

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
function readArguments(args, { PORT, DATA_DIR }) {
  const options = /** @type {const} */ ({
    url: { type: "string", default: `http://127.0.0.1:${PORT || "3201"}` },
    key: { type: "string", default: signingKeyPaths(resolve(DATA_DIR || "data")).privateKeyPath },
    help: { type: "boolean", short: "h", default: false },
  });
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const { url, key: keyPath, help } = values;
    if (positionals.length !== 1 && !help)
      throw new Error(`One FILE is expected, not ${positionals.length}.`);
    if (!URL.canParse(url)) throw new Error(`--url: ${url} is no URL.`);
    return { file: positionals[0] ?? "", url, keyPath, help };
  } catch (error) {
    throw new Stop(`${reasonOf(error)}\n\n${USAGE}`, WRONG_USAGE);
  }
}
