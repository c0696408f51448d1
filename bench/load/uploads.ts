import { randomFillSync } from "node:crypto";
import { open } from "node:fs/promises";
import { basename } from "node:path";
import { signedFields } from "../../test/support/signed-form.ts";

const PIECE_BYTES = 4 * 1024 * 1024;

/** Writes a file of bytes that no other has. */
export async function writeRandomFile(path: string, bytes: number): Promise<void> {
  await using file = await open(path, "w");
  const piece = Buffer.alloc(PIECE_BYTES);
  for (let left = bytes; left > 0; left -= PIECE_BYTES) {
    await file.write(randomFillSync(piece).subarray(0, left));
  }
}

/** Uploads a file as a pipeline does, with curl, signed now. */
export async function uploadFile(url: string, path: string): Promise<void> {
  const fields = signedFields().flatMap(({ name, value }) => ["-F", `${name}=${value}`]);
  const file = ["-F", `file=@${path};filename=${basename(path)}`];
  const said = ["-sS", "-o", "/dev/null", "-w", "%{http_code}"];
  const curl = Bun.spawn(["curl", ...said, ...fields, ...file, `${url}/api/assets`], { stderr: "inherit" });
  const status = await curl.stdout.text();
  if (status !== "200") throw new Error(`an upload was answered ${status}`);
}
