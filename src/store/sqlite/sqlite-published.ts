import type { Database } from "bun:sqlite";
import type { Published, PublishedStore } from "../published-store.ts";
import { readMark, readPublished } from "./published.ts";
import type { ReaderThread } from "./reader-thread.ts";
import type { WriterThread } from "./writer-thread.ts";

export class SqlitePublished implements PublishedStore {
  constructor(
    private readonly db: Database,
    private readonly reader: ReaderThread,
    private readonly writer: WriterThread,
  ) {}

  async listPublished(mac: string): Promise<readonly Published[]> {
    return readPublished(this.db, mac);
  }

  listMacs(after: string, most: number): Promise<readonly string[]> {
    return this.reader.read("readMacs", after, most);
  }

  notePublished(shown: readonly Published[], gone: readonly Published[], mark: string | null): Promise<void> {
    return this.writer.write("notePublished", shown, gone, mark);
  }

  async readMark(): Promise<string | null> {
    return readMark(this.db);
  }
}
