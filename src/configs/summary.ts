/** What a list of configs shows of each. Null where the content has no such member, or one of another type. */
export type Summary = {
  readonly deviceName: string | null;
  readonly deviceEntityId: string | null;
  readonly enableOta: boolean | null;
};

/**
 * Reads the summary off a content's own `deviceName`, `deviceEntityId` and `enableOTA`. The content has been judged
 * before, its depth above all; what is none is a bug of the caller, and throws.
 */
export function summaryOf(content: string): Summary {
  const { deviceName, deviceEntityId, enableOTA }: Readonly<Record<string, unknown>> = JSON.parse(content);
  return {
    deviceName: textIn(deviceName),
    deviceEntityId: textIn(deviceEntityId),
    enableOta: typeof enableOTA === "boolean" ? enableOTA : null,
  };
}

/** Well-formed, because a lone surrogate, which JSON's escapes can spell, has no UTF-8 to be stored in. */
function textIn(value: unknown): string | null {
  return typeof value === "string" ? value.toWellFormed() : null;
}
