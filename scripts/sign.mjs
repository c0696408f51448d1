// `npm run sign -- FILE`: uploads a file as a build pipeline does, its timestamp signed with a private key.
import { createPrivateKey, randomUUID, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { basename, resolve } from "node:path";
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
  say(await answer.text());
  if (!answer.ok)
    throw new Stop(`The service refused the upload (HTTP ${answer.status}); its reason stands above.`);
  return 0;
});

/** @param {import("node:crypto").KeyObject} key */
function signedFields(key) {
  const timestamp = new Date().toISOString().replace("Z", "+00:00");
  return { timestamp, signature: sign("sha256", Buffer.from(timestamp), key).toString("base64") };
}

/**
 * @param {string} url
 * @param {Record<string, string>} fields
 * @param {import("node:fs/promises").FileHandle} file
 * @param {string} name
 */
async function upload(url, fields, file, name) {
  const boundary = randomUUID();
  try {
    return await fetch(new URL("/api/assets", url), {
      method: "POST",
      headers: { "Content-Type": `multipart/form-data; boundary=${boundary}` },
      body: ReadableStream.from(multipart(boundary, fields, file, name)),
      duplex: "half",
    });
  } catch (error) {
    throw new Stop(
      `The upload to ${url} failed: ${reasonOf(error)}. Does the service run there? npm start begins one.`,
    );
  }
}

/**
 * A form as RFC 7578 has it, its file read from disk as it is sent: Node's own FormData took 704 MB for one of 600 MB.
 * The fields come before the file, so that a service can refuse them without reading it.
 *
 * @param {string} boundary
 * @param {Record<string, string>} fields
 * @param {import("node:fs/promises").FileHandle} file
 * @param {string} name
 */
async function* multipart(boundary, fields, file, name) {
  const part = (/** @type {string} */ parameters) =>
    `--${boundary}\r\nContent-Disposition: form-data; ${parameters}\r\n`;
  const quoted = name.replace(/["\r\n]/g, encodeURIComponent); // As browsers do, by the WHATWG's HTML standard.
  for (const [field, value] of Object.entries(fields)) {
    yield Buffer.from(`${part(`name="${field}"`)}\r\n${value}\r\n`);
  }
  yield Buffer.from(
    `${part(`name="file"; filename="${quoted}"`)}Content-Type: application/octet-stream\r\n\r\n`,
  );
  yield* file.createReadStream();
  yield Buffer.from(`\r\n--${boundary}--\r\n`);
}

/** @param {string} path */
async function openFile(path) {
  try {
    return await open(path);
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
