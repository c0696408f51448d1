/** What is tried, each with the name it goes by. */
export type Cases<T> = readonly (readonly [name: string, given: T])[];

/** Tries one after another; what fails says in which case. How many there were. */
export async function inEachCase<T>(cases: Cases<T>, act: (given: T) => Promise<unknown>): Promise<number> {
  for (const [name, given] of cases) {
    try {
      await act(given);
    } catch (cause) {
      throw new Error(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }
  return cases.length;
}
