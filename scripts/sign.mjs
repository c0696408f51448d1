// `npm run sign -- FILE`: uploads a file as a build pipeline does, its timestamp signed with a private key.
import { createPrivateKey, sign } from "node:crypto";
import { openAsBlob, readFileSync } from "node:fs";
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
  const key = readKey(keyPath);
  const bytes = await openFile(file);
  const answer = await upload(url, signedForm(key, basename(file), bytes));
  say(await answer.text());
  if (!answer.ok)
    throw new Stop(`The service refused the upload (HTTP ${answer.status}); its reason stands above.`);
  return 0;
});

/**
 * The fields come before the file, so that a service can refuse them without reading it.
 *
 * @param {import("node:crypto").KeyObject} key
 * @param {string} name
 * @param {Blob} bytes not in memory: they are read as they are sent
 */
function signedForm(key, name, bytes) {
  const timestamp = new Date().toISOString().replace("Z", "+00:00");
  const form = new FormData();
  form.set("timestamp", timestamp);
  form.set("signature", sign("sha256", Buffer.from(timestamp), key).toString("base64"));
  form.set("file", bytes, name);
  return form;
}

/**
 * @param {string} url
 * @param {FormData} form
 */
async function upload(url, form) {
  try {
    return await fetch(new URL("/api/assets", url), { method: "POST", body: form });
  } catch (error) {
    throw new Stop(
      `The upload to ${url} failed: ${reasonOf(error)}. Does the service run there? npm start begins one.`,
    );
  }
}

/** @param {string} path */
async function openFile(path) {
  try {
    return await openAsBlob(path);
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
