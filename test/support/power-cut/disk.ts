import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { Call } from "./calls.ts";
import { type Survives, Unflushed } from "./unflushed.ts";

type File = Unflushed<FileChange>;
type FileChange =
  | { readonly kind: "write"; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: "cut"; readonly length: number };

type Folder = Unflushed<Naming>;
/** A name is given to something, or taken from whatever has it. */
type Naming = { readonly path: string; readonly entry: File | "folder" | null };

/**
 * A disk that keeps no more than POSIX promises: after a power cut there is, of each file, what was flushed of its
 * bytes, and of each folder, what was flushed of its names. What was not flushed may be there too: of bytes each write
 * by itself, of names the earlier before the later.
 */
export class Disk {
  /** By the path that each has now. */
  readonly #files = new Map<string, File>();
  readonly #folders = new Map<string, Folder>();
  #calls = 0;

  /** `root` is an empty folder that is there for good. */
  constructor(private readonly root: string) {
    this.#folders.set(root, new Unflushed());
  }

  /** Takes every call, in order; those that do not concern what is below `root` change nothing. */
  apply(call: Call): void {
    this.#calls++;
    if (call.name === "send" || !call.path.startsWith(this.root)) return;
    const file = this.#files.get(call.path);
    switch (call.name) {
      case "open":
        if (call.creates && file === undefined) this.#name(call.path, new Unflushed());
        if (call.truncates) this.#files.get(call.path)?.add(this.#calls, { kind: "cut", length: 0 });
        return;
      case "mkdir":
        this.#folders.set(call.path, new Unflushed());
        this.#note({ path: call.path, entry: "folder" });
        return;
      case "unlink":
        this.#unname(call.path);
        return;
      case "rename":
        if (file === undefined) throw new Error(`${call.path} was renamed and never made`);
        this.#unname(call.path);
        this.#name(call.to, file);
        return;
      case "write":
        file?.add(this.#calls, { kind: "write", at: call.at, bytes: call.bytes });
        return;
      case "truncate":
        file?.add(this.#calls, { kind: "cut", length: call.length });
        return;
      case "flush":
        (file ?? this.#folders.get(call.path))?.flush(call.began);
    }
  }

  /** Lays out in the folder `target` what is left after a power cut at this moment. */
  layOut(target: string, survives: Survives): void {
    this.#layOutFolder(this.root, target, survives);
  }

  #layOutFolder(path: string, target: string, survives: Survives): void {
    const entries = new Map<string, Naming["entry"]>();
    for (const naming of this.#folders.get(path)?.outlasting(survives, true) ?? []) {
      entries.set(naming.path, naming.entry);
    }
    for (const [named, entry] of entries) {
      const to = join(target, relative(path, named));
      if (entry === "folder") {
        mkdirSync(to, { mode: 0o700 });
        this.#layOutFolder(named, to, survives);
      } else if (entry !== null) {
        writeFileSync(to, bytesOf(entry.outlasting(survives, false)), { mode: 0o600 });
      }
    }
  }

  #name(path: string, file: File): void {
    this.#files.set(path, file);
    this.#note({ path, entry: file });
  }

  #unname(path: string): void {
    this.#files.delete(path);
    this.#note({ path, entry: null });
  }

  #note(naming: Naming): void {
    this.#folders.get(dirname(naming.path))?.add(this.#calls, naming);
  }
}

/** With zeros where nothing was written. */
function bytesOf(changes: readonly FileChange[]): Buffer {
  const ends = changes.map((change) => (change.kind === "cut" ? change.length : endOf(change)));
  const bytes = Buffer.alloc(Math.max(0, ...ends));
  let length = 0;
  for (const [at, change] of changes.entries()) {
    const end = ends[at] ?? 0;
    if (change.kind === "write") change.bytes.copy(bytes, change.at);
    else bytes.fill(0, end);
    length = change.kind === "write" ? Math.max(length, end) : end;
  }
  return bytes.subarray(0, length);
}

function endOf({ at, bytes }: { readonly at: number; readonly bytes: Buffer }): number {
  return at + bytes.length;
}
