import * as v from "valibot";

// Home Assistant's own rules for an MQTT update entity, as its documents and device-facing sources have them: what it would
// drop with a "Schema violation", and what it would take without an effect, are both refused here.

const text = v.pipe(v.string(), v.minLength(1));
const publishTopic = v.pipe(text, v.regex(/^[^#+\0]+$/, "has wildcards"));
const url = v.pipe(v.string(), v.url());

/** `homeassistant/components/mqtt/update.py`, with what all MQTT entities have. */
export const DiscoveryPayload = v.pipe(
  v.strictObject({
    unique_id: text,
    name: text,
    object_id: v.optional(text),
    device_class: v.optional(v.literal("firmware")),
    entity_category: v.optional(v.picklist(["config", "diagnostic"])),
    enabled_by_default: v.optional(v.boolean()),
    icon: v.optional(text),
    title: v.optional(text),
    state_topic: publishTopic,
    latest_version_topic: v.optional(publishTopic),
    command_topic: v.optional(publishTopic),
    payload_install: v.optional(text),
    release_summary: v.optional(v.string()),
    release_url: v.optional(url),
    entity_picture: v.optional(url),
    availability_topic: v.optional(publishTopic),
    payload_available: v.optional(text),
    payload_not_available: v.optional(text),
    qos: v.optional(v.picklist([0, 1, 2])),
    retain: v.optional(v.boolean()),
    device: v.strictObject({
      identifiers: v.pipe(v.array(text), v.minLength(1)),
      connections: v.array(
        v.tuple([v.literal("mac"), v.pipe(v.string(), v.regex(/^[\da-f]{2}(:[\da-f]{2}){5}$/))]),
      ),
      name: v.optional(text),
      model: v.optional(text),
      manufacturer: v.optional(text),
      sw_version: v.optional(text),
      hw_version: v.optional(text),
    }),
    origin: v.optional(
      v.strictObject({ name: text, sw_version: v.optional(text), support_url: v.optional(url) }),
    ),
  }),
  v.check(
    ({ command_topic, payload_install }) => (command_topic === undefined) === (payload_install === undefined),
    "a button needs both a topic and a payload",
  ),
);
export type DiscoveryPayload = v.InferOutput<typeof DiscoveryPayload>;

/** The only eight keys; of them update_percentage alone may be null. */
export const StatePayload = v.strictObject({
  installed_version: v.optional(text),
  latest_version: v.optional(text),
  title: v.optional(v.string()),
  release_summary: v.optional(
    v.pipe(
      v.string(),
      v.check((summary) => [...summary].length <= 255, "is too long"),
    ),
  ),
  release_url: v.optional(url),
  entity_picture: v.optional(url),
  in_progress: v.optional(v.boolean()),
  update_percentage: v.optional(v.nullable(v.pipe(v.number(), v.minValue(0), v.maxValue(100)))),
});
export type StatePayload = v.InferOutput<typeof StatePayload>;
