import fc from 'fast-check';

/** Right and wrong answers of two models on the same cases. */
export interface PairedAnswers {
  a: boolean[];
  b: boolean[];
}

/** Paired answers from the cells of a 2x2 table. */
export function pairedAnswers(both: number, onlyA: number, onlyB: number, neither: number): PairedAnswers {
  const cells: [boolean, boolean, number][] = [
    [true, true, both],
    [true, false, onlyA],
    [false, true, onlyB],
    [false, false, neither],
  ];
  const pairs = cells.flatMap(([a, b, count]) => Array.from({ length: count }, () => ({ a, b })));
  return { a: pairs.map((pair) => pair.a), b: pairs.map((pair) => pair.b) };
}

/** `1101` as answers: 1 is right. */
export function answers(digits: string): boolean[] {
  return [...digits].map((digit) => digit === '1');
}

/** Any two models on at least one case. */
export const anyPairedAnswers: fc.Arbitrary<PairedAnswers> = fc
  .array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 60 })
  .map((pairs) => ({ a: pairs.map(([a]) => a), b: pairs.map(([, b]) => b) }));
