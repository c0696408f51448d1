import { expect } from "bun:test";

/** What the contract says in every 4xx and 5xx that our code answers. */
export type Refusal = {
  readonly error: string;
  readonly details: Readonly<Record<string, unknown>> | null;
  readonly code: string;
  readonly correlationId: string;
};

/** Holds an answer against the contract: its status and code, and a body of exactly the four fields. */
export async function expectRefusal(response: Response, status: number, code: string): Promise<Refusal> {
  const text = await response.text();
  expect({ status: response.status, text }).toMatchObject({
    status,
    text: expect.stringContaining(`"${code}"`),
  });
  const refusal: Refusal = JSON.parse(text);
  expect(refusal).toEqual({
    error: expect.any(String),
    details: refusal.details,
    code,
    correlationId: response.headers.get("x-request-id") ?? "",
  });
  return refusal;
}

/** The same where the form is not looked at: where devices fetch, a request's id is not answered unless they sent one. */
export async function expectCode(response: Response, status: number, code: string): Promise<void> {
  expect([response.status, (await response.json()) as unknown]).toEqual([
    status,
    expect.objectContaining({ code }),
  ]);
}
