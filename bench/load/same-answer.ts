/** A request that a measure sends both to us and to a peer. */
export type Asked = { readonly path: string; readonly headers?: Record<string, string> };

/**
 * Fails unless both answer with this status, and with the same bytes of the same type. A benchmark of two different
 * answers, or of two refusals, says nothing.
 */
export async function expectSameAnswer(
  status: number,
  ours: string,
  peer: string,
  { path, headers = {} }: Asked,
  peerHeaders = headers,
): Promise<void> {
  const [a, b] = await Promise.all([
    answerOf(`${ours}${path}`, headers, status),
    answerOf(`${peer}${path}`, peerHeaders, status),
  ]);
  if (a.type !== b.type) throw new Error(`${path}: ours is ${a.type}, the peer's ${b.type}`);
  if (a.length !== b.length) throw new Error(`${path}: Content-Length is ${a.length} and ${b.length}`);
  if (!a.body.equals(b.body)) throw new Error(`${path}: the bodies differ`);
}

/** The ETag that a server gives a path. */
export async function etagFrom(url: string): Promise<string> {
  const { headers } = await fetch(url, { method: "HEAD" });
  const etag = headers.get("ETag");
  if (etag === null) throw new Error(`${url} has no ETag`);
  return etag;
}

async function answerOf(url: string, headers: Record<string, string>, status: number) {
  const answer = await fetch(url, { headers });
  if (answer.status !== status) throw new Error(`${url}: ${answer.status}, not ${status}`);
  const body = Buffer.from(await answer.arrayBuffer());
  const type = status === 304 ? null : answer.headers.get("Content-Type");
  const length = status === 304 ? null : answer.headers.get("Content-Length");
  return { body, type, length };
}
