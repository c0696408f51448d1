import { signTimestamp } from "./keys.ts";
import { BOUNDARY, multipart, type Part } from "./multipart.ts";

/** The fields that prove who uploads, signed now. */
export function signedFields(timestamp = new Date().toISOString()): Part[] {
  return [
    { name: "timestamp", value: timestamp },
    { name: "signature", value: signTimestamp(timestamp) },
  ];
}

/** An upload's form as bytes, the file last. */
export function signedForm(name: string, bytes: Uint8Array | string): Buffer {
  return multipart([...signedFields(), { name: "file", value: bytes, filename: name }]).body;
}

/** The head of an upload whose body is `length` bytes long, or is said to be. */
export function uploadHead(length: number): string {
  return [
    "POST /api/assets HTTP/1.1",
    "Host: 127.0.0.1",
    `Content-Type: multipart/form-data; boundary=${BOUNDARY}`,
    `Content-Length: ${length}`,
    "\r\n",
  ].join("\r\n");
}
