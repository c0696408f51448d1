import { type Database, SQLiteError } from "bun:sqlite";
import type { NewAsset, NewConfig } from "../store.ts";
import type { Takeover } from "../takeover.ts";
import { claimBlob, releaseClaim } from "./blobs.ts";
import { saveAsset, saveConfig } from "./changes.ts";
import { databaseIn } from "./data-dir.ts";
import { openForWriting } from "./database.ts";
import { faulting } from "./faulting.ts";
import type { DataDirLock } from "./lock.ts";
import type { Transaction } from "./transaction.ts";

export interface TakeoverOptions {
  /** Whether what is taken over is announced, at the service's next start. */
  readonly announces: boolean;
  readonly now: Date;
}

/** Opens the directory to take files over into it. Throws `StoreOpenError` as the service's start does. */
export function openSqliteTakeover({ dataDir }: DataDirLock, { announces, now }: TakeoverOptions): Takeover {
  const db = openForWriting(databaseIn(dataDir));
  return new SqliteTakeover(db, {
    db,
    now: now.getTime(),
    rules: { announces, deviceTopics: "off", keepRevisions: 0 }, // Each file's next save forgets what is too much.
    isRoomShort: false,
  });
}

/** What a file's history says of it. */
const IMPORTED = "import";

/** Whoever has the data directory in their hands has proven no name. */
const NOBODY = null;

class SqliteTakeover implements Takeover {
  readonly #claims: number[] = [];

  constructor(
    private readonly db: Database,
    private readonly tx: Transaction,
  ) {}

  claimBlob(sha256: string): Promise<number> {
    return faulting(() => {
      const claim = this.db.transaction(() => claimBlob(this.tx, sha256)).immediate();
      this.#claims.push(claim);
      return claim;
    });
  }

  saveConfig(save: NewConfig): Promise<void> {
    return faulting(() => {
      this.#begin();
      saveConfig(this.tx, { ...save, allowOverwrite: true, precondition: "none", message: IMPORTED }, NOBODY);
    });
  }

  saveAsset(save: NewAsset): Promise<void> {
    return faulting(() => {
      this.#begin();
      saveAsset(this.tx, { ...save, precondition: "none", message: IMPORTED, reading: null }, NOBODY);
    });
  }

  commit(): Promise<void> {
    return faulting(() => {
      if (this.db.inTransaction) this.db.run("commit");
    });
  }

  [Symbol.dispose](): void {
    if (this.db.inTransaction) this.db.run("rollback");
    this.#releaseClaims();
    this.db.close();
  }

  /** A save has given up its own. Where the rest cannot be, they end by themselves, within the hour. */
  #releaseClaims(): void {
    try {
      for (const claim of this.#claims) releaseClaim(this.tx, claim);
    } catch (error) {
      if (!(error instanceof SQLiteError)) throw error;
    }
  }

  #begin(): void {
    if (!this.db.inTransaction) this.db.run("begin immediate");
  }
}
