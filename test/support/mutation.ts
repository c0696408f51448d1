import type { Random } from "../../simulate/random.ts";

/**
 * A text like `text`, with up to five faults in it: characters changed, cut out or doubled, and pieces of `dictionary`
 * put in. Each character stands for a byte.
 */
export function mutated(text: string, dictionary: readonly [string, ...string[]], random: Random): string {
  let result = text;
  for (let faults = random.int(1, 6); faults > 0; faults--) {
    const at = random.int(0, result.length + 1);
    const [before, after] = [result.slice(0, at), result.slice(at)];
    result = random.pick(faultKinds)(before, after, dictionary, random);
  }
  return result;
}

type Fault = (
  before: string,
  after: string,
  dictionary: readonly [string, ...string[]],
  random: Random,
) => string;

const faultKinds: readonly [Fault, ...Fault[]] = [
  (before, after, _, random) => before + String.fromCharCode(random.int(0, 256)) + after.slice(1),
  (before, after, dictionary, random) => before + random.pick(dictionary) + after,
  (before, after, dictionary, random) => before + random.pick(dictionary) + after.slice(random.int(1, 20)),
  (before, after, _, random) => before + after.slice(random.int(1, 60)),
  (before, after, _, random) => before + after.slice(0, random.int(1, 60)) + after,
  (before) => before,
];
