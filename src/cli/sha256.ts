/** The SHA-256 of all bytes, in lower-case hex. */
export async function sha256Of(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256");
  for await (const chunk of bytes) hash.update(chunk);
  return hash.digest("hex");
}
