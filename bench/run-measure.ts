import type { Figure, Measure, Round, Scale } from "./measure.ts";
import { type Outcome, outcomeOf } from "./report/outcome.ts";
import { missingTools } from "./tools.ts";

/** Runs a measure for so many rounds. Whatever goes wrong is told in its rows: the other measures are to run. */
export async function runMeasure(measure: Measure, scale: Scale, rounds: number): Promise<Outcome[]> {
  const rows = Object.entries(measure.rows);
  const missing = missingTools(measure.needs);
  if (missing.length > 0) {
    const reason = `apt-get install ${missing.join(" ")}`;
    return rows.map(([, row]) => ({ kind: "not run", row, reason }));
  }
  try {
    const figures = await figuresOf(measure, scale, measure.once ? 1 : rounds);
    return rows.map(([key, row]) =>
      outcomeOf(
        row,
        figures.map((each) => figureOf(each, key)),
      ),
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return rows.map(([, row]) => ({ kind: "failed", row, reason }));
  }
}

type Figures = Awaited<ReturnType<Round>>;

async function figuresOf(measure: Measure, scale: Scale, rounds: number): Promise<Figures[]> {
  await using running = new AsyncDisposableStack();
  const round = await measure.prepare(scale, running);
  const figures: Figures[] = [];
  while (figures.length < rounds) figures.push(await round());
  return figures;
}

function figureOf(figures: Figures, key: string): Figure {
  const figure = figures[key];
  if (figure === undefined) throw new Error(`a round gave no figure for "${key}"`);
  return figure;
}
