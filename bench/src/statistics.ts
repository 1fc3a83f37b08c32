/** The middle of several figures, and how far apart they are. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spreadOf(figures: readonly number[]): Spread {
  return { median: median(figures), min: Math.min(...figures), max: Math.max(...figures) };
}

/** @throws RangeError when there is nothing to take the middle of. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new RangeError("no figures");
  return (upper + lower) / 2;
}

/** How fast figures rise, per unit of `at`: the median of the slopes between all pairs (Theil and Sen), which outliers do not move. */
export function slopeOf(
  points: readonly { readonly at: number; readonly figure: number }[],
): number {
  const slopes = points.flatMap((later, index) =>
    points
      .slice(0, index)
      .map((earlier) => (later.figure - earlier.figure) / (later.at - earlier.at)),
  );
  return median(slopes);
}

/** The middle, with the lowest and the highest; nothing of nothing. */
export function spreadText(figures: readonly number[], digits: number): string {
  if (figures.length === 0) return "";
  const { median: middle, min, max } = spreadOf(figures);
  return `${middle.toFixed(digits)} (${min.toFixed(digits)}-${max.toFixed(digits)})`;
}

/** The figure below which a share of all lie. */
export function quantile(figures: readonly number[], share: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
