/**
 * Answers a list of any length, `{"NAME":[…],"count":N…}`: pages of rows, each as its JSON, with `more` after the count. A long one is read as fast as
 * its client takes it, two pages ahead at the most, so that neither many lists nor a stuck client take memory; it has no
 * length. What is wrong with the first pages throws; what comes later ends the connection.
 */
export async function jsonList(
  name: string,
  pages: AsyncIterable<readonly string[]>,
  more: () => string = () => "",
): Promise<Response> {
  const pieces = textOf(name, pages, more);
  const [first, second, third] = [await pieces.next(), await pieces.next(), await pieces.next()];
  const begin = [first, second, third].map(({ value }) => value ?? "").join("");
  const headers = { "Content-Type": "application/json", "Cache-Control": "private, no-cache" };
  if (third.done) return new Response(begin, { headers });
  return new Response(streamOf(begin, pieces), { headers });
}

async function* textOf(
  name: string,
  pages: AsyncIterable<readonly string[]>,
  more: () => string,
): AsyncGenerator<string, undefined> {
  let count = 0;
  let before = `{"${name}":[`;
  for await (const page of pages) {
    if (page.length === 0) continue;
    yield before + page.join();
    count += page.length;
    before = ",";
  }
  yield `${count === 0 ? before : ""}],"count":${count}${more()}}`;
}

function streamOf(begin: string, rest: AsyncGenerator<string, undefined>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream(
    {
      start(controller) {
        controller.enqueue(encoder.encode(begin));
      },
      async pull(controller) {
        const { done, value } = await rest.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      async cancel() {
        await rest.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
