/** A change that a writer sent. Versions of one file are unlike each other, and are sent one after another. */
export type Sent = {
  readonly file: string;
  readonly version: string;
  /** What a 2xx said; null where no answer came. */
  revision: number | null;
};

/** A file as it is found afterwards. */
export type Found = { readonly file: string; readonly version: string; readonly revision: number };

/** An announcement as a subscriber saw it. */
export type Announced = { readonly file: string; readonly revision: number };

/**
 * Holds what was found and announced against what was sent and answered, and says in a sentence each what does not fit:
 * a 2xx is there, whole and no older than answered; what is there was sent; and the newest of each file was announced.
 */
export function violations(
  sent: readonly Sent[],
  found: readonly Found[],
  announced: readonly Announced[],
): string[] {
  const foundOf = new Map(found.map((each) => [each.file, each]));
  const announcedOf = Map.groupBy(announced, ({ file }) => file);
  const ofOneFile = [...Map.groupBy(sent, ({ file }) => file)].flatMap(([file, changes]) => {
    const revisions = announcedOf.get(file)?.map(({ revision }) => revision) ?? [];
    return inOneFile(changes, foundOf.get(file), revisions).map((problem) => `${file}: ${problem}`);
  });
  const known = new Set(sent.map(({ file }) => file));
  const strangers = [...found, ...announced].filter(({ file }) => !known.has(file));
  return [...ofOneFile, ...strangers.map(({ file }) => `${file}: nobody sent it`)];
}

function inOneFile(
  changes: readonly Sent[],
  found: Found | undefined,
  announced: readonly number[],
): string[] {
  const answered = changes.filter(({ revision }) => revision !== null);
  const last = answered.at(-1);
  const problems = answered
    .filter(({ revision }, at) => at > 0 && Number(revision) <= Number(answered[at - 1]?.revision))
    .map(({ revision }) => `revision ${revision} was answered after one that is no lower`);
  if (found === undefined) {
    const lost = last === undefined ? [] : [`revision ${last.revision} was answered and is not there`];
    return [
      ...problems,
      ...lost,
      ...announced.map((each) => `revision ${each} was announced and is not there`),
    ];
  }
  const at = changes.findIndex(({ version }) => version === found.version);
  if (at === -1) problems.push("what is there was not sent like that");
  else if (last !== undefined && at < changes.indexOf(last))
    problems.push("what is there is older than answered");
  if (last !== undefined && found.revision < Number(last.revision)) {
    problems.push(`revision ${last.revision} was answered, ${found.revision} is there`);
  }
  const newest = Math.max(0, ...announced);
  if (newest !== found.revision)
    problems.push(`revision ${found.revision} is there, ${newest} was announced`);
  return problems;
}
