/** A fenced block of a page: what stands after its fence (`sh`, `text second-terminal`), and its text. */
export type Block = { readonly label: string; readonly text: string };

/** The fenced blocks of a page, in their order. */
export function blocksOf(page: string): readonly Block[] {
  return [...page.matchAll(/^```(.+)\n([\s\S]*?)^```$/gm)].map(([, label = "", text = ""]) => ({
    label,
    text: text.trimEnd(),
  }));
}

/** The rows of a page's tables, without heads and rules, as the texts of their cells; code marks are left out. */
export function rowsOf(page: string): readonly (readonly string[])[] {
  return [...page.matchAll(/^\|[ :-]+-[ :|-]*\|\n((?:\|.*\|\n)+)/gm)]
    .flatMap(([, body = ""]) => body.trimEnd().split("\n"))
    .map((row) =>
      row
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim().replaceAll("`", "")),
    );
}

/** The part of a page from a heading (`## Settings`) to the next of its level. */
export function sectionOf(page: string, heading: string): string {
  const [, section] = page.split(`\n${heading}\n`);
  if (section === undefined) throw new Error(`there is no heading "${heading}"`);
  const level = heading.slice(0, heading.indexOf(" ") + 1);
  return section.split(`\n${level}`)[0] ?? "";
}
