import type { Database } from "bun:sqlite";
import type { FileKey } from "../file-key.ts";
import type { Convergence } from "../fleet-store.ts";
import { readFileRow } from "./files.ts";
import { STATE_NOW } from "./pickups.ts";
import { literalOf } from "./revisions.ts";

const MOST_BEHIND = 1_000;

/** How many devices have a file in each state. */
export function readStates(db: Database, now: number): Readonly<Record<string, number>> {
  const sql = `
    select ${STATE_NOW} as state_now, count(distinct mac) as n
    from pickups join files using (kind, name) join devices using (mac)
    where files.sha256 is not null group by state_now`;
  return countsOf(db.query<StateCount, { $now: number }>(sql).all({ $now: now }));
}

/** How far the devices are that have this file. */
export function readConvergence(
  db: Database,
  file: FileKey,
  asked: number | null,
  now: number,
): Convergence | null {
  const row = readFileRow(db, file);
  if (row === null || row.sha256 === null) return null;
  const revision = asked ?? row.revision;
  const made = db
    .query<{ created_at: number }, [string, number]>(
      `select created_at from revisions where kind = ${literalOf(file.kind)} and name = ? and revision = ?`,
    )
    .get(file.name, revision);
  if (made === null) return null;

  const key = { $kind: file.kind, $name: file.name };
  const told = db
    .query<{ announced_revision: number | null; announced_at: number | null }, [string, string]>(
      `select announced_revision, announced_at from files where kind = ? and name = ?`,
    )
    .get(file.kind, file.name);
  const states = `
    select case when fetched_revision >= $revision and state_now in ('waiting', 'told', 'fetching', 'interrupted')
      then 'fetched' else state_now end as state_now, count(*) as n
    from (select ${STATE_NOW} as state_now, fetched_revision from pickups
      join files using (kind, name) join devices using (mac) where kind = $kind and files.name = $name)
    group by 1`;
  const delays = `
    select fetched_at - $changedAt as delay from pickups
    where kind = $kind and name = $name and fetched_revision = $revision order by delay`;
  const behind = `
    select mac from pickups where kind = $kind and name = $name
      and (fetched_revision is null or fetched_revision < $revision)
      and not (state = 'running' and judged_revision >= $revision) order by mac limit $most`;
  const counts = db.query<StateCount, Named>(states).all({ ...key, $revision: revision, $now: now });
  return {
    revision,
    changedAt: made.created_at,
    announcedAt: (told?.announced_revision ?? 0) >= revision ? (told?.announced_at ?? null) : null,
    states: countsOf(counts),
    devices: counts.reduce((sum, { n }) => sum + n, 0),
    delaysMs: db
      .query<{ delay: number }, Named>(delays)
      .all({ ...key, $revision: revision, $changedAt: made.created_at })
      .map(({ delay }) => Math.max(0, delay)),
    behind: db
      .query<{ mac: string }, Named>(behind)
      .all({ ...key, $revision: revision, $most: MOST_BEHIND })
      .map(({ mac }) => mac),
  };
}

type Named = Record<`$${string}`, string | number | null>;

interface StateCount {
  readonly state_now: string;
  readonly n: number;
}

function countsOf(rows: readonly StateCount[]): Record<string, number> {
  return Object.fromEntries(rows.map(({ state_now, n }) => [state_now, n]));
}
