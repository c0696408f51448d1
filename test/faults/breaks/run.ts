import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type Break, breaks } from "./breaks.ts";

// `bun run breaks [what its name contains]`: plants each fault in a copy of the project, and runs the row that has to
// notice. Fails where one does not.

const PROJECT = join(import.meta.dir, "../../..");
const LEFT_OUT = new Set(["node_modules", ".git", "data"]);
const ROUNDS = "2";

const asked = process.argv[2] ?? "";
const chosen = breaks.filter(({ name }) => name.includes(asked));
const missed: Break[] = [];
for (const each of chosen) {
  const isCaught = await catches(each);
  if (!isCaught) missed.push(each);
  process.stdout.write(`${isCaught ? "caught" : "MISSED"} by ${each.caughtBy}: ${each.name}\n`);
}
process.stdout.write(`breaks: ${chosen.length - missed.length} caught, ${missed.length} missed\n`);
process.exitCode = missed.length === 0 && chosen.length > 0 ? 0 : 1;

/** Whether the row breaks with the fault in. That it holds without, `bun run faults` says. */
async function catches({ file, find, replace, caughtBy }: Break): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "iotsupport-break-"));
  try {
    cpSync(PROJECT, folder, { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) });
    symlinkSync(join(PROJECT, "node_modules"), join(folder, "node_modules"));
    const path = join(folder, file);
    writeFileSync(
      path,
      readFileSync(path, "utf8").replace(find, () => replace),
    );
    const args = ["test/faults/run.ts", "--row", caughtBy, "--rounds", ROUNDS];
    const row = Bun.spawn([process.execPath, ...args], {
      cwd: folder,
      stdio: ["ignore", "pipe", "ignore"],
    });
    return (await new Response(row.stdout).text()).includes("1 broken");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
