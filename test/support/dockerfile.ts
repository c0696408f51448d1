/** One instruction of a Dockerfile, its flags apart: `--from=dependencies` is `from` → `dependencies`. */
export type Instruction = {
  readonly keyword: string;
  readonly flags: ReadonlyMap<string, string>;
  readonly text: string;
};

export type Stage = {
  readonly base: string;
  readonly name: string | null;
  readonly instructions: readonly Instruction[];
};

/** Reads the part of a Dockerfile's language that ours is written in. */
export function readDockerfile(text: string): readonly Stage[] {
  const stages: { base: string; name: string | null; instructions: Instruction[] }[] = [];
  for (const line of text
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")) {
    const [, keyword, rest] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (keyword === undefined || rest === undefined) continue;
    const [, base, , name] = /^(\S+)( AS (\S+))?$/.exec(rest) ?? [];
    if (keyword === "FROM" && base !== undefined) stages.push({ base, name: name ?? null, instructions: [] });
    else stages.at(-1)?.instructions.push({ keyword, ...splitFlags(rest) });
  }
  return stages;
}

/** The command of an instruction in its exec form; one that needs a shell is an error. */
export function execForm(instructions: readonly Instruction[], keyword: string): readonly string[] {
  const text = instructions.findLast((each) => each.keyword === keyword)?.text ?? "";
  const command = text.replace(/^CMD /, ""); // As in HEALTHCHECK CMD […].
  if (!command.startsWith("[")) throw new Error(`${keyword} is not in its exec form: ${text}`);
  return JSON.parse(command);
}

function splitFlags(rest: string): { flags: ReadonlyMap<string, string>; text: string } {
  const [flagText = ""] = /^(--\S+\s+)*/.exec(rest) ?? [];
  const flags = [...flagText.matchAll(/--([a-z-]+)=(\S+)/g)].map(([, name = "", value = ""]) => [
    name,
    value,
  ]);
  return { flags: new Map(flags as [string, string][]), text: rest.slice(flagText.length) };
}
