import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CommandLine } from "../support/command-line.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

/** What an older system has left: files by their path, in `configs/` and `assets/`. */
export class OldSystem implements AsyncDisposable {
  readonly commandLine: CommandLine;

  constructor(readonly dir: TempDir) {
    this.commandLine = new CommandLine(this.dataDir);
  }

  get configs(): string {
    return join(this.dir.path, "configs");
  }

  get assets(): string {
    return join(this.dir.path, "assets");
  }

  get dataDir(): string {
    return join(this.dir.path, "data");
  }

  get both(): readonly string[] {
    return ["--configs", this.configs, "--assets", this.assets];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dir[Symbol.asyncDispose]();
  }
}

export async function oldSystem(files: Readonly<Record<string, string>>): Promise<OldSystem> {
  const old = new OldSystem(await tempDir());
  for (const folder of ["configs", "configs/sub", "assets"]) {
    const isWanted =
      folder !== "configs/sub" || Object.keys(files).some((file) => file.startsWith("configs/sub/"));
    if (isWanted) await mkdir(join(old.dir.path, folder));
  }
  for (const [file, content] of Object.entries(files)) await writeFile(join(old.dir.path, file), content);
  return old;
}
