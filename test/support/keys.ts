import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An RSA key pair, and the files in which a service finds its halves. */
export type SigningKey = {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly privateKeyPath: string;
  readonly publicKeyPath: string;
};

let made: SigningKey | null = null;

/** The pair that services under test are started with: made once per run, for that takes a tenth of a second. */
export function signingKey(): SigningKey {
  made ??= makeSigningKey();
  return made;
}

export function makeSigningKey(): SigningKey {
  const dir = mkdtempSync(join(tmpdir(), "iotsupport-test-key-"));
  process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const privateKeyPath = join(dir, "signing-key.pem");
  const publicKeyPath = join(dir, "signing-key.pub.pem");
  writeFileSync(privateKeyPath, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  writeFileSync(publicKeyPath, publicKey.export({ type: "spki", format: "pem" }));
  return { privateKey, publicKey, privateKeyPath, publicKeyPath };
}

/** Signs as a pipeline does: RSA PKCS#1 v1.5 with SHA-256 over the timestamp's text, in base64. */
export function signTimestamp(timestamp: string, key: SigningKey = signingKey()): string {
  return sign("sha256", Buffer.from(timestamp), key.privateKey).toString("base64");
}
