import * as v from "valibot";
import { jsonList, readQuery } from "../http/index.ts";
import type { ConfigSummary, Store } from "../store/index.ts";

/** A list is read and written in pieces of this many rows, so that a long one holds nobody up. */
const ROWS_AT_ONCE = 250;

/** `?limit=&cursor=&q=`. Without a limit and a cursor the whole list is meant. */
export const ListQuery = v.object({
  limit: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[1-9]\d{0,3}$/, "must be a whole number from 1 to 9999"),
      v.description("How many at the most"),
    ),
  ),
  cursor: v.optional(v.pipe(v.string(), v.maxLength(64), v.description("`next_cursor` of the page before"))),
  q: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(100, "must be at most 100 characters long"),
      v.description("Only those where it occurs in the MAC, the name or the entity id"),
    ),
  ),
});

/** A config in a list. */
export const ConfigListEntry = v.object({
  mac_address: v.string(),
  device_name: v.nullable(v.string()),
  device_entity_id: v.nullable(v.string()),
  enable_ota: v.nullable(v.boolean()),
});

export const ConfigList = v.object({
  configs: v.array(ConfigListEntry),
  count: v.pipe(v.number(), v.integer(), v.description("How many are in this answer")),
  next_cursor: v.optional(
    v.pipe(v.nullable(v.string()), v.description("Only where pages are asked for; null at the end")),
  ),
});

/** The answer to a list's query. Throws the fault `VALIDATION_FAILED` on a wrong parameter. */
export async function listConfigs(store: Store, query: Readonly<Record<string, string>>): Promise<Response> {
  const { limit, cursor, q } = readQuery(ListQuery, query);
  const isPaged = limit !== undefined || cursor !== undefined;
  const most = isPaged ? Number(limit ?? ROWS_AT_ONCE) : Number.POSITIVE_INFINITY;
  let next: string | null = cursor ?? null;

  async function* pages(): AsyncGenerator<readonly string[]> {
    for (let left = most, isAtEnd = false; !isAtEnd && left > 0; ) {
      const wanted = Math.min(ROWS_AT_ONCE, left);
      const rows: readonly ConfigSummary[] = await store.listConfigs({
        after: next,
        limit: wanted,
        q: q ?? null,
      });
      isAtEnd = rows.length < wanted;
      left -= rows.length;
      next = isAtEnd ? null : (rows.at(-1)?.mac ?? null);
      yield rows.map((row) => JSON.stringify(entryOf(row)));
    }
  }
  return jsonList("configs", pages(), () => (isPaged ? `,"next_cursor":${JSON.stringify(next)}` : ""));
}

/** The one place where a config's summary becomes snake_case. */
export function entryOf(summary: ConfigSummary): v.InferOutput<typeof ConfigListEntry> {
  return {
    mac_address: summary.mac,
    device_name: summary.deviceName,
    device_entity_id: summary.deviceEntityId,
    enable_ota: summary.enableOta,
  };
}
