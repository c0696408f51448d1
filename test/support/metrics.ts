import type { ServiceClient } from "./service-client.ts";

/** One line of Prometheus's text format. */
export type Sample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

/** What a service exports at this moment. */
export async function metricsOf(service: ServiceClient): Promise<readonly Sample[]> {
  return readText(await (await service.request("GET", "/metrics")).text());
}

/** Reads Prometheus's text format. */
export function readText(text: string): readonly Sample[] {
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map(readSample);
}

/** The one value exported under a name, by labels where these tell it from others. */
export async function metricOf(
  service: ServiceClient,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const found = (await metricsOf(service)).filter(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
  const [sample, another] = found;
  if (sample === undefined || another !== undefined)
    throw new Error(`${found.length} samples are ${name} ${JSON.stringify(labels)}`);
  return sample.value;
}

function readSample(line: string): Sample {
  const [, name = "", labels = "", value = ""] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = "", text = ""]) => [
    label,
    text,
  ]);
  return { name, labels: Object.fromEntries(pairs), value: numberOf(value) };
}

/** Go's spelling of a number, which Prometheus reads: `+Inf`, and `NaN` in any case. */
function numberOf(text: string): number {
  if (/^nan$/i.test(text)) return Number.NaN;
  return Number(text.replace("Inf", "Infinity"));
}
