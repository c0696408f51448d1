/** One part of a `multipart/form-data` body; with a file name it is a file, and `headers` are lines of its own. */
export type Part = {
  readonly name: string;
  readonly value: string | Uint8Array;
  readonly filename?: string | Uint8Array;
  readonly headers?: readonly string[];
};

export type Multipart = { readonly contentType: string; readonly body: Buffer };

export const BOUNDARY = "----iotsupport-test";

/** The bytes of a form, with nothing escaped and nothing corrected: what a hostile client may send too. */
export function multipart(parts: readonly Part[], boundary = BOUNDARY): Multipart {
  const pieces = parts.flatMap(({ name, value, filename, headers = [] }) => {
    const file = filename === undefined ? [] : ['; filename="', filename, '"'];
    const rest = headers.map((line) => `\r\n${line}`).join("");
    const head = [`--${boundary}\r\nContent-Disposition: form-data; name="${name}"`, ...file, rest];
    return [...head, "\r\n\r\n", value, "\r\n"];
  });
  const body = Buffer.concat([...pieces, `--${boundary}--\r\n`].map((piece) => Buffer.from(piece)));
  return { contentType: `multipart/form-data; boundary=${boundary}`, body };
}
