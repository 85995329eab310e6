/** A learning rate as the field writes it: `1e-4`, `2.15e-5`, and from a hundredth upwards `0.05`. */
export function formatRate(rate: number): string {
  return rate >= 0.01 ? String(rate) : rate.toExponential();
}
