// What the disk and SQLite can do alone: `bun commit-loop.ts FOLDER SECONDS` saves a row per commit, each flushed, and
// prints how many a second.
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { say } from "../../scripts/cli.mjs";
import { macs } from "../../test/support/load.ts";
import { contentOf } from "../load/content.ts";

const FILES = 100;

const [folder = ".", seconds = "1"] = process.argv.slice(2);
using db = new Database(join(folder, "loop.db"), { create: true });
db.run("pragma journal_mode = wal");
db.run("pragma synchronous = full");
db.run("create table if not exists config (mac text primary key, content text not null) strict");
const save = db.query("insert or replace into config (mac, content) values (?, ?)");
const files = macs(FILES);

const began = performance.now();
const ends = began + Number(seconds) * 1000;
let saved = 0;
while (performance.now() < ends) {
  save.run(files[saved % FILES] ?? "", contentOf(saved));
  saved++;
}
say(String((saved / (performance.now() - began)) * 1000));
