import { mkdir, mkdtemp, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { execForm, type Instruction, readDockerfile, type Stage } from "./dockerfile.ts";

/** An image's root, made by hand, and what its Dockerfile says of how it is run. */
export type Image = {
  readonly root: string;
  readonly folder: string;
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
};

const PROJECT = join(import.meta.dir, "../..");
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Carries out the Dockerfile's steps on stand-ins for its base images: this machine's own Debian for the stage that has
 * a shell, and for the last one nothing but Bun and the libraries that it is linked to. Needs root.
 */
export async function buildImage(context: string, workshop: string): Promise<Image> {
  const stages = readDockerfile(await readFile(join(PROJECT, "Dockerfile"), "utf8"));
  const roots = new Map<string, string>();
  const last = stages.at(-1);
  if (last === undefined) throw new Error("the Dockerfile has no stage");
  for (const stage of stages) {
    const root = await mkdtemp(join(workshop, "root-"));
    await sh(`chmod 755 "$1"`, root);
    if (stage === last) await layBun(root);
    for (const step of stepsOf(stage)) await carryOut(step, root, (name) => roots.get(name ?? "") ?? context);
    roots.set(stage.name ?? "", root);
  }
  return imageOf(last, roots.get(last.name ?? "") ?? "");
}

type Step = { readonly instruction: Instruction; readonly folder: string };

/** Its instructions, each with the folder that it works in. */
function stepsOf({ instructions }: Stage): readonly Step[] {
  let folder = "/";
  return instructions.map((instruction) => {
    if (instruction.keyword === "WORKDIR") folder = instruction.text;
    return { instruction, folder };
  });
}

async function carryOut(
  { instruction: { keyword, flags, text }, folder }: Step,
  root: string,
  rootOf: (stage: string | undefined) => string,
): Promise<void> {
  if (keyword === "WORKDIR") await mkdir(join(root, folder), { recursive: true });
  if (keyword === "RUN") await sh(RUN_ON_DEBIAN, root, process.execPath, CACHE, folder, text);
  if (keyword !== "COPY") return;
  const names = text.split(" ");
  const target = join(root, resolve(folder, names.pop() ?? ""));
  for (const name of names) {
    const source = join(rootOf(flags.get("from")), name);
    await sh(COPY, source, target, flags.get("chown") ?? "0:0", flags.get("chmod") ?? "");
  }
}

/** A folder's contents, or a file, into a folder; modes are kept, owners are not. */
const COPY = `
  layer=$(mktemp -d)
  if [ -d "$1" ]; then cp -r --preserve=mode,links "$1/." "$layer"; else cp --preserve=mode "$1" "$layer"; fi
  [ -z "$4" ] || chmod -R "$4" "$layer"/*
  chown -hR "$3" "$layer"/*
  mkdir -p "$2"
  cp -al "$layer"/* "$2"
  rm -r "$layer"`;

/** Where Bun keeps what it downloaded, so that it does so once. */
const CACHE = join(PROJECT, "node_modules/.cache/bun");

/** A command in a stage's root, on top of what this machine has of Debian, which it cannot write to. */
const RUN_ON_DEBIAN = `
  mkdir -p "$3"
  exec unshare --mount sh -euc '
    for folder in bin sbin lib lib64 usr etc; do
      if [ -L "/$folder" ]; then
        [ -L "$1/$folder" ] || cp -P "/$folder" "$1/$folder"
      elif [ -e "/$folder" ]; then
        mkdir -p "$1/$folder"
        mount --rbind "/$folder" "$1/$folder"
        mount -o remount,bind,ro "$1/$folder"
      fi
    done
    mkdir -p "$1/opt/cache" "$1/tmp" "$1/dev" "$1/proc"
    touch "$1/opt/bun"
    mount --bind "$2" "$1/opt/bun"
    mount --bind "$3" "$1/opt/cache"
    mount --rbind /dev "$1/dev"
    mount -t proc proc "$1/proc"
    export PATH="/opt:$PATH" BUN_INSTALL_CACHE_DIR=/opt/cache
    exec chroot "$1" /bin/sh -euc "cd "$4" && $5"
  ' sh "$@"`;

/** Bun, what it is linked to, and the folder for temporary files: all that the last stage begins with. */
async function layBun(root: string): Promise<void> {
  const linked = await sh(`ldd "$1"`, process.execPath);
  const libraries = [...linked.matchAll(/(\/\S+) \(0x/g)].map(([, path = ""]) => path);
  await sh(`mkdir -p "$1/usr/local/bin" && cp "$2" "$1/usr/local/bin/bun"`, root, process.execPath);
  await sh(`mkdir "$1/proc" "$1/dev" "$1/tmp" && chmod 1777 "$1/tmp"`, root);
  for (const library of libraries) {
    await sh(`mkdir -p "$1$(dirname "$2")" && cp --dereference "$2" "$1$2"`, root, library);
  }
}

function imageOf(stage: Stage, root: string): Image {
  const { instructions } = stage;
  const last = (keyword: string) => instructions.findLast((each) => each.keyword === keyword)?.text ?? "";
  const env = last("ENV")
    .split(" ")
    .map((each) => each.split("=") as [string, string]);
  return {
    root,
    folder: last("WORKDIR"),
    user: last("USER"),
    env: { PATH, ...Object.fromEntries(env) },
    command: execForm(instructions, "CMD"),
    healthCheck: execForm(instructions, "HEALTHCHECK"),
  };
}

/** Runs a script; what it says on stderr is the error that it ends with. */
async function sh(script: string, ...args: readonly string[]): Promise<string> {
  const child = Bun.spawn(["sh", "-euc", script, "sh", ...args], { stdin: "ignore", stderr: "pipe" });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(`${script}\n${args.join(" ")}\n${stderr}`);
  return stdout;
}
