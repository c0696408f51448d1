import { parseFileName } from "../../assets/index.ts";
import { parseMac, readContent } from "../../configs/index.ts";
import { Fault } from "../../fault.ts";
import type { SizeLimits } from "../../settings.ts";
import type { FileKey, LastState } from "../../store/index.ts";
import { sha256Of } from "../sha256.ts";
import { bytesOf, checkIsReadable, readWhole } from "./plain-file.ts";
import type { Candidate, LeftOut, Scan } from "./scan.ts";

/** What is to become of a file. */
export interface Planned extends Candidate {
  readonly key: FileKey;
  /** Against what is kept under that name. */
  readonly change: "new" | "replaced" | "unchanged";
}

export interface Plan {
  readonly planned: readonly Planned[];
  readonly refused: readonly LeftOut[];
}

/** By what files are judged. */
export interface PlanRules {
  readonly limits: SizeLimits;
  /** Whether a file takes the place of what differs, or was deleted, in the store. */
  readonly overwrite: boolean;
  /** How a file was left in the store; null where there never was one. */
  readonly lastState: (key: FileKey) => Promise<LastState | null>;
  /** Hears of each file that was judged. */
  readonly onFile: () => void;
}

/** Judges `<mac>.json` files by the rules of a save. Changes nothing. */
export function planConfigs(found: Scan, rules: PlanRules): Promise<Plan> {
  const { maxConfigBytes } = rules.limits;
  const fileOf = new Map<string, string>();
  return plan(found, rules, async ({ name, path, size }) => {
    if (!name.endsWith(".json")) throw new Refusal("is not named <mac>.json");
    const mac = parseMac(name.slice(0, -".json".length));
    const other = fileOf.get(mac);
    if (other !== undefined) throw new Refusal(`names the same device as ${other}`);
    fileOf.set(mac, name);
    if (size > maxConfigBytes)
      throw new Refusal(`is larger than MAX_CONFIG_BYTES, ${maxConfigBytes}, allows`);
    const content = readContent(await readWhole(path), maxConfigBytes);
    const hash = async () => Bun.CryptoHasher.hash("sha256", content.contentBytes, "hex");
    return await compare({ kind: "configs", name: mac }, hash, rules);
  });
}

/** Judges files by the rules of an upload, its signature apart. Changes nothing. */
export function planAssets(found: Scan, rules: PlanRules): Promise<Plan> {
  const { maxAssetBytes } = rules.limits;
  return plan(found, rules, async ({ name, path, size }) => {
    const filename = parseFileName(name);
    if (size > maxAssetBytes) throw new Refusal(`is larger than MAX_ASSET_BYTES, ${maxAssetBytes}, allows`);
    await checkIsReadable(path);
    return await compare({ kind: "assets", name: filename }, () => sha256Of(bytesOf(path)), rules);
  });
}

/** A file that breaks a rule of the import alone. */
class Refusal extends Error {}

type Judged = Pick<Planned, "key" | "change">;

async function plan(
  found: Scan,
  { onFile }: PlanRules,
  judge: (candidate: Candidate) => Promise<Judged>,
): Promise<Plan> {
  const planned: Planned[] = [];
  const refused = [...found.refused];
  for (const candidate of found.candidates) {
    try {
      planned.push({ ...candidate, ...(await judge(candidate)) });
    } catch (error) {
      refused.push({ file: candidate.path, reason: reasonOf(error) });
    }
    onFile();
  }
  return { planned, refused };
}

/** What is kept already may be newer than what is taken over: nothing of it is lost unless that is asked for. */
async function compare(key: FileKey, hash: () => Promise<string>, rules: PlanRules): Promise<Judged> {
  const last = await rules.lastState(key);
  if (last === null) return { key, change: "new" };
  const { revision, sha256 } = last;
  if (sha256 === (await hash())) return { key, change: "unchanged" };
  if (rules.overwrite) return { key, change: "replaced" };
  const how = sha256 === null ? "was deleted there" : "differs from what is kept there";
  throw new Refusal(`${how} (revision ${revision}); --overwrite would make it the next revision`);
}

function reasonOf(error: unknown): string {
  if (error instanceof Fault || error instanceof Refusal) return error.message;
  if (error instanceof Error && "code" in error) return `cannot be read: ${error.code}`;
  throw error;
}
