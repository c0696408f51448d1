import { describe, expect, test } from "bun:test";
import { endedBy, troubleOf } from "../../src/announcements/trouble.ts";

describe("why there is no connection", () => {
  const errors: readonly [message: string, code: string | number | undefined, trouble: string][] = [
    ["Connection refused: Not authorized", 135, "refused: not authorized"],
    ["Connection refused: Bad User Name or Password", 134, "refused: bad user name or password"],
    ["Connection refused: Unacceptable protocol version", 1, "refused: it does not speak MQTT 5"],
    ["Connection refused: ?", 200, "refused: reason code 200"],
    ["connect ECONNREFUSED 10.1.2.3:1883", "ECONNREFUSED", "unreachable: ECONNREFUSED"],
    ["getaddrinfo ENOTFOUND broker.internal", "ENOTFOUND", "unreachable: ENOTFOUND"],
    ["self signed", "DEPTH_ZERO_SELF_SIGNED_CERT", "unreachable: DEPTH_ZERO_SELF_SIGNED_CERT"],
    ["broker.internal is odd", "broker.internal", "unreachable"],
    ["connack timeout", undefined, "no answer"],
    ["Keepalive timeout", undefined, "no answer"],
    ["something about mqtt://me:hunter2@broker.internal", undefined, "unreachable"],
  ];
  test.each(errors)("is told of %j (%j) in words of ours", (message, code, trouble) => {
    expect(troubleOf(Object.assign(new Error(message), code !== undefined && { code }))).toBe(trouble);
  });

  test("is the broker's own word where it ended the connection", () => {
    expect(endedBy(142)).toBe("ended by the broker: session taken over");
    expect(endedBy(undefined)).toBe("ended by the broker: reason code 0");
  });
});
