import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

const LEFT_OVER_MS = 24 * 60 * 60_000;
const NAME = /^\.iotsupport-[\da-f-]{36}\.partial$/;

/** A folder for what is not finished; it goes with all that is in it. */
export class WorkFolder implements AsyncDisposable {
  private constructor(readonly path: string) {}

  /**
   * Makes one beside a file that is to come, on its disk, for this user alone. Those that killed processes have left
   * there are removed once nothing in them was touched for a day.
   */
  static async beside(file: string, now: Date): Promise<WorkFolder> {
    const folder = dirname(file);
    await sweep(folder, now);
    return WorkFolder.at(join(folder, `.iotsupport-${crypto.randomUUID()}.partial`));
  }

  /** Makes one where nothing is. */
  static async at(path: string): Promise<WorkFolder> {
    await mkdir(path, { mode: 0o700 });
    return new WorkFolder(path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

async function sweep(folder: string, now: Date): Promise<void> {
  for (const name of (await readdir(folder)).filter((each) => NAME.test(each))) {
    const path = join(folder, name);
    const age = now.getTime() - (await lastTouchedMs(path));
    if (age > LEFT_OVER_MS) await rm(path, { recursive: true, force: true });
  }
}

/** The folder's time, or that of the newest in it: a file that is being written does not touch its folder. */
async function lastTouchedMs(folder: string): Promise<number> {
  const paths = [folder, ...(await readdir(folder)).map((name) => join(folder, name))];
  const times = await Promise.all(paths.map(async (path) => (await stat(path)).mtimeMs));
  return Math.max(...times);
}
