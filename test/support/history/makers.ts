import type { Change, FileEvent, Read } from "./events.ts";
import type { Problem } from "./problem.ts";

/** Which change made which of a file's revisions, as far as answers and reads tell. */
export interface Makers {
  readonly made: ReadonlyMap<number, Change>;
  /** Lost changes that nobody saw: each may have made one revision, or none. */
  readonly unseen: readonly Change[];
  readonly problems: readonly Problem[];
}

export function makersIn(file: string, events: readonly FileEvent[]): Makers {
  const changes = events.filter(isChange);
  const made = new Map<number, Change>();
  const problems: Problem[] = [];

  for (const change of changes) {
    if (change.answer.kind !== "done") continue;
    const { revision } = change.answer;
    const text = `revision ${revision} was answered to two changes`;
    if (made.has(revision)) problems.push({ rule: "one-to-one", file, revision, text });
    else made.set(revision, change);
  }
  const revisionOf = new Map([...made].map(([revision, change]) => [change, revision]));
  const saveOf = new Map(changes.flatMap((each) => (each.kind === "save" ? [[each.version, each]] : [])));
  for (const read of events.filter(isFound)) {
    const { revision, version } = read.answer;
    const problem = judge(read, saveOf.get(version), made.get(revision), revisionOf);
    if (problem !== null) problems.push({ file, revision, ...problem });
    const save = saveOf.get(version);
    if (save?.answer.kind !== "lost" || made.has(revision) || revisionOf.has(save)) continue;
    made.set(revision, save);
    revisionOf.set(save, revision);
  }
  const unseen = changes.filter((change) => change.answer.kind === "lost" && !revisionOf.has(change));
  return { made, unseen, problems };
}

/** A read that found something. */
type Found = Read & { readonly answer: { readonly kind: "found" } };

export function isFound(event: FileEvent): event is Found {
  return event.kind === "read" && event.answer.kind === "found";
}

export function isChange(event: FileEvent): event is Change {
  return event.kind === "save" || event.kind === "delete";
}

/** Holds what was read against the save of that version, and against the change that is known for that revision. */
function judge(
  { answer: { revision, version } }: Found,
  save: Change | undefined,
  maker: Change | undefined,
  revisionOf: ReadonlyMap<Change, number>,
): Pick<Problem, "rule" | "text"> | null {
  const read = `${version} was read as revision ${revision}`;
  if (save === undefined) return { rule: "sent", text: `${read}, and nobody sent it` };
  if (save.answer.kind === "refused" || save.answer.kind === "unmet") {
    return { rule: "refused", text: `${read}, though it was refused with ${save.answer.status}` };
  }
  const known = revisionOf.get(save) ?? revision;
  if (known !== revision) return { rule: "one-to-one", text: `${read}, and is revision ${known} too` };
  if (maker === undefined || maker === save) return null;
  const other = maker.kind === "delete" ? "a delete" : maker.version;
  return { rule: "one-to-one", text: `${read}, which is ${other}` };
}
