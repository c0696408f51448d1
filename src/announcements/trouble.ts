/**
 * Why there is no connection, in a few words for whoever asks for the service's health: of a bounded kind, without
 * addresses, and never with anything that the broker or a library has put into a message.
 */
export function troubleOf(error: Error): string {
  const code = "code" in error ? error.code : undefined;
  if (typeof code === "number") return `refused: ${wordsOf(code)}`;
  if (typeof code === "string" && /^[A-Z][A-Z\d_]+$/.test(code)) return `unreachable: ${code}`;
  return /timeout/i.test(error.message) ? "no answer" : "unreachable";
}

/** What a broker that ends a connection gave as its reason (MQTT 5, section 3.14.2.1). */
export function endedBy(reasonCode: number | undefined): string {
  return `ended by the broker: ${wordsOf(reasonCode ?? 0)}`;
}

function wordsOf(reasonCode: number): string {
  return reasons[reasonCode] ?? `reason code ${reasonCode}`;
}

/** Those of MQTT 5, section 2.4, that an operator can do something about. */
const reasons: Readonly<Record<number, string>> = {
  1: "it does not speak MQTT 5", // As MQTT 3.1.1 says it.
  132: "it does not speak MQTT 5",
  133: "client identifier not valid",
  134: "bad user name or password",
  135: "not authorized",
  136: "server unavailable",
  137: "server busy",
  138: "banned",
  139: "server shutting down",
  140: "bad authentication method",
  141: "keep alive timeout",
  142: "session taken over",
  149: "packet too large",
  151: "quota exceeded",
  152: "administrative action",
  159: "connection rate exceeded",
};
