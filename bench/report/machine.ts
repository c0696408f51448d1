import { Database } from "bun:sqlite";
import { cpus, loadavg, release, tmpdir, totalmem } from "node:os";

/** What the figures were taken on and with, as lines of a table: a name, and what it was. */
export function machine(): [name: string, what: string][] {
  const [{ model = "unknown" } = {}, ...others] = cpus();
  return [
    ["processor", `${model}, ${others.length + 1} cores`],
    ["memory", `${Math.round(totalmem() / 1024 ** 3)} GB`],
    ["system", `${said("sh", "-c", '. /etc/os-release; echo "$PRETTY_NAME"')}, Linux ${release()}`],
    ["file system of the data", said("df", "--output=fstype", tmpdir()).split("\n").at(-1) ?? "unknown"],
    ["load before the run", `${loadavg()[0]?.toFixed(2)} (1 would be one core busy)`],
    ["Bun", Bun.version],
    ["SQLite", sqliteVersion()],
    ["nginx", said("nginx", "-v").replace(/.*nginx\//s, "")],
    ["Mosquitto", said("mosquitto", "-h").split("\n")[0]?.replace("mosquitto version ", "") ?? "unknown"],
    ["the stand-in's packages", standInPackages()],
  ];
}

/** What a program prints; many print their version on stderr. */
function said(...command: string[]): string {
  const env = { PATH: `${process.env["PATH"]}:/usr/sbin` };
  try {
    const { stdout, stderr } = Bun.spawnSync(command, { env });
    return `${stdout}${stderr}`.trim();
  } catch {
    return "not there"; // Its rows are told as not run.
  }
}

function sqliteVersion(): string {
  using db = new Database(":memory:");
  return String(db.query<{ version: string }, []>("select sqlite_version() as version").get()?.version);
}

function standInPackages(): string {
  const packages = ["python3", "python3-flask", "python3-waitress", "python3-paho-mqtt"];
  return said("dpkg-query", "--show", ...packages)
    .replaceAll("\t", " ")
    .replaceAll("\n", ", ");
}
