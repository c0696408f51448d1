import { readFile } from "node:fs/promises";
import { within } from "./deadline.ts";
import type { Image } from "./image.ts";
import { Lines } from "./lines.ts";

export type Volume = { readonly source: string; readonly target: string; readonly isReadOnly?: boolean };

/** Whether this machine lets us: as root on Linux, with what every Debian has. */
export const canContain =
  process.getuid?.() === 0 &&
  ["unshare", "setpriv", "nsenter"].every((program) => Bun.which(program) !== null) &&
  Bun.spawnSync(["unshare", "--mount", "--pid", "--fork", "true"], { stderr: "ignore" }).success;

/** A process that has nothing but its image: its first process, as in a container, without any capability. */
export class Contained implements AsyncDisposable {
  readonly log = new Lines();
  readonly #read: Promise<void>;

  constructor(
    private readonly image: Image,
    private readonly env: Readonly<Record<string, string>>,
    private readonly outside: Bun.Subprocess<"ignore", "ignore", "pipe">,
  ) {
    this.#read = this.log.read(outside.stderr);
  }

  /** Its number as this machine sees it. */
  async pid(): Promise<number> {
    const { pid } = this.outside;
    return Number((await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim());
  }

  async signal(name: NodeJS.Signals): Promise<void> {
    process.kill(await this.pid(), name);
  }

  async exited(): Promise<number | null> {
    await within(15_000, `its end; it said:\n${this.log.all.join("\n")}`, this.outside.exited);
    await this.#read;
    return this.outside.exitCode;
  }

  /** Runs a command beside it, as a health check is run, and answers its exit code. */
  async exec(command: readonly string[]): Promise<number> {
    const { folder, user } = this.image;
    const [uid = "", gid = ""] = user.split(":");
    const place = ["--target", String(await this.pid()), "--mount", "--pid", "--root", `--wdns=${folder}`];
    const child = Bun.spawn(["nsenter", ...place, "--setuid", uid, "--setgid", gid, "--", ...command], {
      env: this.env,
      stdio: ["ignore", "ignore", "ignore"],
    });
    return await within(10_000, command.join(" "), child.exited);
  }

  /** What it may do, as the kernel says it. */
  async status(field: string): Promise<string> {
    const status = await readFile(`/proc/${await this.pid()}/status`, "utf8");
    return new RegExp(`^${field}:[ \t]*(.*)$`, "m").exec(status)?.[1] ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The kernel forgets whom it is to end with its parent when it changes its user: so it is told itself.
    if (this.outside.exitCode === null) await this.signal("SIGKILL");
    await this.exited();
  }
}

/** Runs a command in an image: its root read-only, /tmp a small disk of its own, nothing else but the volumes. */
export function contain(
  image: Image,
  command: readonly string[],
  settings: Readonly<Record<string, string>>,
  volumes: readonly Volume[],
): Contained {
  const [uid = "", gid = ""] = image.user.split(":");
  const mounts = volumes.flatMap(({ source, target, isReadOnly = false }) => [
    `mount --bind '${source}' "$root${target}"`,
    ...(isReadOnly ? [`mount -o remount,bind,ro "$root${target}"`] : []),
  ]);
  const script = `
    root=$1; shift
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount -t tmpfs -o mode=755 dev "$root/dev"
    for device in null zero random urandom; do
      touch "$root/dev/$device"
      mount --bind "/dev/$device" "$root/dev/$device"
    done
    mount -t tmpfs -o mode=1777,noexec,nosuid,nodev tmp "$root/tmp"
    ${mounts.join("\n    ")}
    mount -o remount,bind,ro "$root"
    exec setpriv --inh-caps=-all,+sys_chroot,+setuid,+setgid \\
      setpriv --no-new-privs --bounding-set=-all \\
      unshare --root="$root" --wd='${image.folder}' --setgid=${gid} --setuid=${uid} -- "$@"`;
  const env = { ...image.env, ...settings };
  const place = ["unshare", "--mount", "--pid", "--fork"];
  const child = Bun.spawn([...place, "sh", "-euc", script, "sh", image.root, ...command], {
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  return new Contained(image, env, child);
}
