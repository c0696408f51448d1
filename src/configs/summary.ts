import { MAX_CONTENT_DEPTH } from "./content.ts";
import { readMembers } from "./json-members.ts";

/** What a list of configs shows of each. Null where the content has no such member, or one of another type. */
export type Summary = {
  readonly deviceName: string | null;
  readonly deviceEntityId: string | null;
  readonly enableOta: boolean | null;
};

/**
 * Reads the summary off a content's own `deviceName`, `deviceEntityId` and `enableOTA`; nothing else of it is parsed.
 * What is no valid content is a bug of the caller, and throws `JsonError`.
 */
export function summaryOf(content: string): Summary {
  const members = readMembers(content, MAX_CONTENT_DEPTH);
  const textOf = (name: string) => {
    const span = members.get(name);
    return span === undefined ? "" : content.slice(span.start, span.end);
  };
  return {
    deviceName: stringIn(textOf("deviceName")),
    deviceEntityId: stringIn(textOf("deviceEntityId")),
    enableOta: booleanIn(textOf("enableOTA")),
  };
}

/** Well-formed, because a lone surrogate, which JSON's escapes can spell, has no UTF-8 to be stored in. */
function stringIn(text: string): string | null {
  if (!text.startsWith('"')) return null;
  const value: string = JSON.parse(text);
  return value.toWellFormed();
}

function booleanIn(text: string): boolean | null {
  return text === "true" || text === "false" ? text === "true" : null;
}
