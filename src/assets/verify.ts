import { constants, createPublicKey, type KeyObject, verify } from "node:crypto";
import { validationFailed } from "../fault.ts";

declare const verifying: unique symbol;

/** A public RSA key that is strong enough. Only `readVerifyingKey` makes one. */
export type VerifyingKey = KeyObject & { readonly [verifying]: true };

/**
 * Reads the key that signatures are checked with from a PEM: a public key (all that a server should hold) or a private
 * key without a passphrase, of which only the public half is kept. RSA of 2048 to 8192 bits.
 * Throws a plain `Error`, which ends the start; no part of the PEM stands in its message.
 */
export function readVerifyingKey(pem: string): VerifyingKey {
  if (/^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    throw new Error(`the signing key is encrypted with a passphrase; ${expected}`);
  }
  const key = publicKeyIn(pem);
  if (key.asymmetricKeyType !== "rsa") {
    throw new Error(`the signing key is of type ${key.asymmetricKeyType}, not RSA; ${expected}`);
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < MIN_BITS || bits > MAX_BITS) {
    throw new Error(`the signing key has ${bits} bits; ${expected}`);
  }
  return key as VerifyingKey; // The brand says what was just checked.
}

/**
 * Checks that the timestamp, in the client's very spelling, was signed with the other half of the key: RSA PKCS#1 v1.5
 * (RFC 8017 §8.2) with SHA-256, in base64 (RFC 4648 §4) without line breaks.
 * Throws `validationFailed` on "signature".
 */
export function verifySignature(key: VerifyingKey, timestamp: string, signature: string): void {
  const signed = { key, padding: constants.RSA_PKCS1_PADDING };
  if (!verify("sha256", Buffer.from(timestamp), signed, decodeBase64(signature))) {
    throw validationFailed(
      "signature",
      "does not fit the timestamp; expected RSA PKCS#1 v1.5 with SHA-256 over it, made with the server's signing key",
    );
  }
}

const MIN_BITS = 2048;
const MAX_BITS = 8192;
/** Base64 of the longest signature, 1,024 bytes, takes 1,368. */
const MAX_SIGNATURE_LENGTH = 2048;

const expected = `expected the PEM of an RSA key of ${MIN_BITS} to ${MAX_BITS} bits, public, or private without a passphrase`;

function publicKeyIn(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new Error(`the signing key cannot be read; ${expected}`, { cause });
  }
}

function decodeBase64(signature: string): Buffer {
  if (signature === "") throw validationFailed("signature", "must not be empty");
  if (signature.length > MAX_SIGNATURE_LENGTH) {
    throw validationFailed(
      "signature",
      `is ${signature.length} characters long; at most ${MAX_SIGNATURE_LENGTH} are allowed`,
    );
  }
  const bytes = Buffer.from(signature, "base64");
  // The decoder skips what it does not know and takes base64url too; what is well-formed comes back whole.
  if (bytes.toString("base64") !== signature) {
    throw validationFailed(
      "signature",
      "is not base64: expected A-Z, a-z, 0-9, +, / and = at the end, without line breaks",
    );
  }
  return bytes;
}
