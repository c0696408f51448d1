import { mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const IMAGE_BYTES = 96 * 1024 * 1024;

/** A real file system on an image of a disk, whose power can be cut. */
export class Ext4Disk implements Disposable {
  constructor(private readonly dir: string) {}

  /** Where it is mounted. */
  get path(): string {
    return join(this.dir, "mounted");
  }

  /**
   * Keeps what has reached the disk by now. What is only in the kernel's memory has not: ext4 takes seconds to write
   * out what nobody flushes. Nobody may be writing.
   */
  cutPower(): void {
    this.#run("cp", "--sparse=always", this.#image, this.#atTheCut);
  }

  /** Mounts what was there when the power was cut. Nobody may have a file open on it. */
  comeBack(): void {
    this.#run("umount", this.path);
    renameSync(this.#atTheCut, this.#image);
    this.#mount();
  }

  make(): void {
    mkdirSync(this.path);
    writeFileSync(this.#image, "");
    truncateSync(this.#image, IMAGE_BYTES);
    this.#run("mkfs.ext4", "-q", "-F", this.#image);
    this.#mount();
  }

  [Symbol.dispose](): void {
    Bun.spawnSync(["umount", this.path], { stderr: "ignore" });
    rmSync(this.dir, { recursive: true, force: true });
  }

  get #image(): string {
    return join(this.dir, "image");
  }

  get #atTheCut(): string {
    return join(this.dir, "image-at-the-cut");
  }

  #mount(): void {
    this.#run("mount", "-o", "loop", this.#image, this.path);
  }

  #run(...command: string[]): void {
    const { success, stderr } = Bun.spawnSync(command);
    if (!success) throw new Error(`${command.join(" ")}: ${stderr}`);
  }
}

/** Only where `canMountImages`. */
export function ext4Disk(): Ext4Disk {
  const disk = new Ext4Disk(mkdtempSync(join(tmpdir(), "iotsupport-test-")));
  try {
    disk.make();
    return disk;
  } catch (error) {
    disk[Symbol.dispose]();
    throw error;
  }
}

/** Whether this machine lets us make an ext4 in a file, and mount it. */
export function canMountImages(): boolean {
  try {
    using _ = ext4Disk();
    return true;
  } catch {
    return false;
  }
}
