import { parser } from "@prometheus-io/lezer-promql";

/** What a query asks for by name. */
export type Named = {
  /** Each metric, with the labels that its selector holds to a value. */
  readonly metrics: readonly { readonly name: string; readonly labels: readonly string[] }[];
  /** The labels that it groups and joins by. */
  readonly labels: readonly string[];
};

/** Reads a query with the grammar that Prometheus's own page uses. Throws where it is no PromQL. */
export function namedIn(query: string): Named {
  const metrics: { name: string; labels: string[] }[] = [];
  const labels: string[] = [];
  parser.parse(query).iterate({
    enter({ name, type, from, to, node }) {
      const text = query.slice(from, to);
      if (type.isError) throw new Error(`no PromQL from "${query.slice(from)}" on: ${query}`);
      if (name === "VectorSelector") {
        const identifier = node.getChild("Identifier");
        if (identifier === null) throw new Error(`a selector without a metric's name: ${text}`);
        metrics.push({ name: query.slice(identifier.from, identifier.to), labels: [] });
      }
      if (name === "LabelName" && node.parent?.name === "GroupingLabels") labels.push(text);
      else if (name === "LabelName") metrics.at(-1)?.labels.push(text);
    },
  });
  return { metrics, labels };
}
