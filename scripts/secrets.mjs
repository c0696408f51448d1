import { createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const PASSWORD_BYTES = 24;
const KEY_BITS = 2048;

/**
 * The password kept in a file, made at the first call.
 *
 * @param {string} path
 */
export function passwordIn(path) {
  return keptIn(path, () => randomBytes(PASSWORD_BYTES).toString("base64url"));
}

/**
 * A key pair to sign uploads with, made at the first call. The service is given the public half only, which is all
 * that it needs.
 *
 * @param {string} privatePath
 * @param {string} publicPath
 */
export function prepareSigningKey(privatePath, publicPath) {
  const privateKey = keptIn(privatePath, () =>
    generateKeyPairSync("rsa", { modulusLength: KEY_BITS })
      .privateKey.export({ type: "pkcs8", format: "pem" })
      .toString(),
  );
  keptIn(publicPath, () => createPublicKey(privateKey).export({ type: "spki", format: "pem" }).toString());
}

/**
 * The text of a file that is made once, whole or not at all, for its owner's eyes only.
 *
 * @param {string} path
 * @param {() => string} make
 */
function keptIn(path, make) {
  if (existsSync(path)) return readFileSync(path, "utf8");
  const text = make();
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
  return text;
}
