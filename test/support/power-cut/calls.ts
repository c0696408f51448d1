/** A system call that changes what is on a disk, or sends something, at the moment when it returned. */
export type Call =
  | { readonly name: "open"; readonly path: string; readonly creates: boolean; readonly truncates: boolean }
  | { readonly name: "mkdir" | "unlink"; readonly path: string }
  | { readonly name: "rename"; readonly path: string; readonly to: string }
  | { readonly name: "write"; readonly path: string; readonly at: number; readonly bytes: Buffer }
  | { readonly name: "truncate"; readonly path: string; readonly length: number }
  /** Flushes what was there when it began: by then, so many calls had returned. */
  | { readonly name: "flush"; readonly path: string; readonly began: number }
  | { readonly name: "send"; readonly bytes: Buffer };

/** What strace is to watch for `callsIn`: also calls that it does not know, so that it can refuse them. */
export const WATCHED = [
  "open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir",
  "write,writev,pwrite64,pwritev,pwritev2,copy_file_range,truncate,ftruncate,fallocate,fsync,fdatasync,sync,syncfs",
  "sync_file_range,sendto,sendmsg,io_uring_enter",
].join(",");
/** The paths behind descriptors, and long strings whole. */
export const WRITTEN_OUT = ["-y", "-s", "1000000"];

/** Reads what `strace -f -y` wrote: the calls that succeeded, without those on paths that are `ignored`. */
export function callsIn(trace: string, ignored: (path: string) => boolean): Call[] {
  const calls: Call[] = [];
  const positions = new Map<string, number>();
  const begun = new Map<string, { readonly text: string; readonly began: number }>();
  for (const line of trace.split("\n")) {
    const [, thread = "", rest = ""] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const unfinished = / ?<unfinished \.\.\.>$/.exec(rest);
    const resumed = /^<\.\.\. \w+ resumed>/.exec(rest);
    if (unfinished !== null) {
      begun.set(thread, { text: rest.slice(0, unfinished.index), began: calls.length });
      continue;
    }
    const before = resumed === null ? null : begun.get(thread);
    const whole = resumed === null ? rest : `${before?.text ?? ""}${rest.slice(resumed[0].length)}`;
    const returned = /^(\w+)\((.*)\)\s+= (\d+)(?:<[^>]*>)?$/.exec(whole);
    if (returned === null) continue; // It failed, or is a line about a thread or a signal.
    const [, name = "", args = "", result = ""] = returned;
    const call = callOf(
      { name, args, result: Number(result), began: before?.began ?? calls.length },
      positions,
    );
    if (call !== null && !("path" in call && ignored(call.path))) calls.push(call);
  }
  return calls;
}

type Returned = {
  readonly name: string;
  readonly args: string;
  readonly result: number;
  readonly began: number;
};

/** `positions` are those of the descriptors that were opened, by which a plain write goes on. */
function callOf({ name, args, result, began }: Returned, positions: Map<string, number>): Call | null {
  const [, descriptor = "", path = ""] = /^(\d+)<([^>]*)>/.exec(args) ?? [];
  const isFile = path.startsWith("/");
  switch (name) {
    case "open":
    case "openat":
      positions.set(String(result), 0);
      if (args.includes("O_APPEND")) throw notModelled(name, args);
      return {
        name: "open",
        path: textsIn(args)[0] ?? "",
        creates: args.includes("O_CREAT"),
        truncates: args.includes("O_TRUNC"),
      };
    case "mkdir":
    case "unlink":
      return { name, path: textsIn(args)[0] ?? "" };
    case "rename": {
      const [from = "", to = ""] = textsIn(args);
      return { name, path: from, to };
    }
    case "write": {
      if (!isFile) return null; // A pipe, or what wakes another thread.
      const at = positions.get(descriptor) ?? 0;
      positions.set(descriptor, at + result);
      return { name, path, at, bytes: bytesIn(args, result) };
    }
    case "pwrite64":
      return { name: "write", path, at: Number(/, (\d+)$/.exec(args)?.[1]), bytes: bytesIn(args, result) };
    case "ftruncate":
      return { name: "truncate", path, length: Number(/, (\d+)$/.exec(args)?.[1]) };
    case "fsync":
    case "fdatasync":
      return { name: "flush", path, began };
    case "sendto":
      return { name: "send", bytes: bytesIn(args, result) };
    case "writev":
    case "sendmsg":
      if (!isFile) return null;
      throw notModelled(name, args);
    default:
      throw notModelled(name, args);
  }
}

function notModelled(name: string, args: string): Error {
  return new Error(`what ${name} does to a disk is not modelled: ${args.slice(0, 200)}`);
}

function textsIn(args: string): string[] {
  return [...args.matchAll(/"([^"]*)"/g)].map(([, text = ""]) => unescaped(text).toString());
}

/** The bytes of the one string among the arguments; of one that strace cut short, those that there are. */
function bytesIn(args: string, length: number): Buffer {
  return unescaped(args.slice(args.indexOf('"') + 1, args.lastIndexOf('"'))).subarray(0, length);
}

const LETTERS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, v: 11, f: 12 };

/** The bytes of a string as C writes it, with octal numbers for what cannot be printed. */
function unescaped(text: string): Buffer {
  const plain = text.replaceAll(/\\([0-7]{1,3}|.)/g, (_, coded: string) => {
    const isNumber = /\d/.test(coded);
    return String.fromCharCode(
      isNumber ? Number.parseInt(coded, 8) : (LETTERS[coded] ?? coded.charCodeAt(0)),
    );
  });
  return Buffer.from(plain, "latin1");
}
