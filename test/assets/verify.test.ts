import { describe, expect, test } from "bun:test";
import { constants, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { readVerifyingKey, verifySignature } from "../../src/assets/verify.ts";
import { Fault } from "../../src/fault.ts";

const timestamp = "2026-01-31T12:00:00.000000+00:00";
const pipeline = generateKeyPairSync("rsa", { modulusLength: 2048 });
const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = readVerifyingKey(publicPem(pipeline.publicKey));
const signature = signed(timestamp).toString("base64");

function signed(
  text: string,
  by: KeyObject = pipeline.privateKey,
  padding = constants.RSA_PKCS1_PADDING,
): Buffer {
  return sign("sha256", Buffer.from(text), { key: by, padding });
}

function publicPem(from: KeyObject): string {
  return from.export({ type: "spki", format: "pem" }).toString();
}

function privatePem(from: KeyObject, type: "pkcs1" | "pkcs8" = "pkcs8", passphrase?: string): string {
  const locked = passphrase === undefined ? {} : { cipher: "aes-256-cbc", passphrase };
  return from.export({ type, format: "pem", ...locked }).toString();
}

describe("a verifying key", () => {
  const pems: readonly [kind: string, pem: string][] = [
    ["a public key", publicPem(pipeline.publicKey)],
    ["a PKCS#1 public key", pipeline.publicKey.export({ type: "pkcs1", format: "pem" }).toString()],
    ["a private key", privatePem(pipeline.privateKey)],
    ["a PKCS#1 private key", privatePem(pipeline.privateKey, "pkcs1")],
    ["a key in a file of Windows", publicPem(pipeline.publicKey).replaceAll("\n", "\r\n")],
  ];
  test.each(pems)("is read from %s, and holds the public half only", (_, pem) => {
    const read = readVerifyingKey(pem);
    expect(read.type).toBe("public");
    expect(() => verifySignature(read, timestamp, signature)).not.toThrow();
  });

  const refused: readonly [kind: string, pem: string, said: RegExp][] = [
    ["nothing", "", /cannot be read/],
    ["text that is no PEM", "hunter2", /cannot be read/],
    [
      "a PEM with nonsense in it",
      "-----BEGIN PUBLIC KEY-----\nhunter2\n-----END PUBLIC KEY-----\n",
      /cannot be read/,
    ],
    ["an encrypted key", privatePem(pipeline.privateKey, "pkcs8", "hunter2"), /encrypted with a passphrase/],
    [
      "an encrypted PKCS#1 key",
      privatePem(pipeline.privateKey, "pkcs1", "hunter2"),
      /encrypted with a passphrase/,
    ],
    [
      "RSA of 1024 bits",
      publicPem(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey),
      /has 1024 bits/,
    ],
    [
      "an elliptic curve",
      privatePem(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey),
      /type ec, not RSA/,
    ],
    ["Ed25519", publicPem(generateKeyPairSync("ed25519").publicKey), /type ed25519, not RSA/],
  ];
  test.each(refused)("is not read from %s", (_, pem, said) => {
    expect(() => readVerifyingKey(pem)).toThrow(said);
    expect(() => readVerifyingKey(pem)).toThrow(/expected the PEM of an RSA key of 2048 to 8192 bits/);
    expect(() => readVerifyingKey(pem)).not.toThrow(/hunter2/);
    expect(() => readVerifyingKey(pem)).not.toThrow(Fault);
  });
});

describe("a signature", () => {
  test("by the key over the timestamp is accepted", () => {
    expect(() => verifySignature(key, timestamp, signature)).not.toThrow();
  });

  const unfit: readonly [kind: string, signature: string][] = [
    ["over another timestamp", signed("2026-01-31T12:00:00.000000Z").toString("base64")],
    ["over a timestamp and a newline", signed(`${timestamp}\n`).toString("base64")],
    ["by another key", signed(timestamp, stranger.privateKey).toString("base64")],
    ["by RSA-PSS", signed(timestamp, undefined, constants.RSA_PKCS1_PSS_PADDING).toString("base64")],
    ["with SHA-1", sign("sha1", Buffer.from(timestamp), pipeline.privateKey).toString("base64")],
    ["with SHA-512", sign("sha512", Buffer.from(timestamp), pipeline.privateKey).toString("base64")],
    ["of zeros", Buffer.alloc(256).toString("base64")],
    ["with a byte less", signed(timestamp).subarray(1).toString("base64")],
    ["with a byte more", Buffer.concat([signed(timestamp), Buffer.from([0])]).toString("base64")],
    ["of one byte", "AA=="],
  ];
  test.each(unfit)("%s does not fit", (_, each) => {
    expect(() => verifySignature(key, timestamp, each)).toThrow(Fault);
    expect(() => verifySignature(key, timestamp, each)).toThrow(/^signature: does not fit the timestamp/);
  });

  test("with any one bit flipped does not fit", () => {
    const bytes = signed(timestamp);
    for (let at = 0; at < bytes.length; at += 5) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << (at % 8)), at);
      expect(() => verifySignature(key, timestamp, flipped.toString("base64"))).toThrow(Fault);
    }
  });

  const malformed: readonly [kind: string, signature: string][] = [
    ["in base64url", Buffer.alloc(256, 0xfb).toString("base64url")],
    ["without padding", signature.replace(/=+$/, "")],
    ["with too much padding", `${signature}=`],
    ["with a line break", `${signature.slice(0, 64)}\n${signature.slice(64)}`],
    ["with a newline at the end", `${signature}\n`],
    ["with spaces", ` ${signature}`],
    ["in hexadecimal with a prefix", `0x${signed(timestamp).toString("hex")}`],
    ["with bits in its padding", signature.replace(/.==$/, "B==")],
    ["of two", `${signature}${signature}`],
    ["of no letters", "===="],
  ];
  test.each(malformed)("%s is not base64", (_, each) => {
    expect(() => verifySignature(key, timestamp, each)).toThrow(/^signature: is not base64/);
  });

  test("that is empty is refused", () => {
    expect(() => verifySignature(key, timestamp, "")).toThrow(/^signature: must not be empty/);
  });

  test("of a megabyte is refused by its length alone", () => {
    const huge = "A".repeat(1_048_576);
    expect(() => verifySignature(key, timestamp, huge)).toThrow("signature: is 1048576 characters long");
  });
});
