import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { type Summary, summaryOf } from "../../src/configs/summary.ts";

const none: Summary = { deviceName: null, deviceEntityId: null, enableOta: null };

const cases: readonly [content: string, summary: Summary][] = [
  ["{}", none],
  [
    '{"deviceName":"porch","deviceEntityId":"light.porch","enableOTA":true}',
    { deviceName: "porch", deviceEntityId: "light.porch", enableOta: true },
  ],
  ['{ "enableOTA" : false , "x" : [1] }', { ...none, enableOta: false }],
  ['{"deviceName":""}', { ...none, deviceName: "" }],
  ['{"deviceName":"\\u00e9\\n\\"🚀"}', { ...none, deviceName: 'é\n"🚀' }],
  ['{"\\u0064eviceName":"porch"}', { ...none, deviceName: "porch" }],
  ['{"deviceName":null,"deviceEntityId":1,"enableOTA":"true"}', none],
  ['{"deviceName":["porch"],"deviceEntityId":{"a":1},"enableOTA":1}', none],
  ['{"deviceName":true,"deviceEntityId":false,"enableOTA":null}', none],
  ['{"DeviceName":"porch","device_name":"porch","enableOta":true}', none],
  ['{"nested":{"deviceName":"porch"},"list":[{"enableOTA":true}]}', none],
  ['{"__proto__":{"deviceName":"porch"}}', none],
  ['{"deviceName":"a\\ud800b"}', { ...none, deviceName: "a\ufffdb" }],
];

test.each(cases)("the summary of %s is read off its own members", (content, summary) => {
  expect(summaryOf(content)).toEqual(summary);
});

test("the summary of any content holds what a plain parser finds there", () => {
  const member = fc.oneof(fc.string(), fc.boolean(), fc.jsonValue());
  const contents = fc.record(
    { deviceName: member, deviceEntityId: member, enableOTA: member },
    { requiredKeys: [], noNullPrototype: true },
  );
  const text = (value: unknown) => (typeof value === "string" ? value : null);
  const law = fc.property(contents, ({ deviceName, deviceEntityId, enableOTA }) => {
    expect(summaryOf(JSON.stringify({ deviceName, deviceEntityId, enableOTA }))).toEqual({
      deviceName: text(deviceName),
      deviceEntityId: text(deviceEntityId),
      enableOta: typeof enableOTA === "boolean" ? enableOTA : null,
    });
  });
  fc.assert(law);
});
