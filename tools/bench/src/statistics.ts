/** The arithmetic of the scoreboard. */

export function median(numbers: readonly number[]): number {
  return percentile(numbers, 50);
}

/** By linear interpolation between the neighbours, so that the 50th is the usual median. NaN of nothing. */
export function percentile(numbers: readonly number[], percent: number): number {
  const sorted = Float64Array.from(numbers).sort();
  const at = ((sorted.length - 1) * percent) / 100;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** What each round says about the two, the machine having been the same for both. A round with one of them says nothing. */
export function pairedRatios(
  figures: readonly (number | undefined)[],
  base: readonly (number | undefined)[],
): number[] {
  const ratios: number[] = [];
  for (const [round, figure] of figures.entries()) {
    const other = base[round];
    if (figure !== undefined && other !== undefined && other !== 0) ratios.push(figure / other);
  }
  return ratios;
}

export interface Ratio {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function ratioOf(
  figures: readonly (number | undefined)[],
  base: readonly (number | undefined)[],
): Ratio | undefined {
  const ratios = pairedRatios(figures, base);
  if (ratios.length === 0) return undefined;
  return { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
}
