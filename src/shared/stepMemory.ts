import { type NetworkSteps, type PhaseStep, type PhaseSteps, sizeOf, valueSizes } from './networkSteps.ts';

/** Numbers that the gradient of a convolution with a stride unfolds at a time, as in convolutionKernels.ts. */
const MOST_COLUMNS = 16 * 2 ** 20;

/** Values in memory, each counted once however many hold it. */
class Holdings {
  private readonly holders = new Map<string, number>();
  private current = 0;
  private most = 0;

  constructor(private readonly sizes: ReadonlyMap<string, number>) {}

  get peak(): number {
    return this.most;
  }

  hold(value: string): void {
    const before = this.holders.get(value) ?? 0;
    this.holders.set(value, before + 1);
    if (before === 0) this.add(this.sizes.get(value) ?? 0);
  }

  holds(value: string): boolean {
    return (this.holders.get(value) ?? 0) > 0;
  }

  release(value: string): void {
    const before = this.holders.get(value) ?? 0;
    if (before === 0) return;
    this.holders.set(value, before - 1);
    if (before === 1) this.current -= this.sizes.get(value) ?? 0;
  }

  /** Something that comes and goes within a moment. */
  pass(size: number): void {
    this.most = Math.max(this.most, this.current + size);
  }

  private add(size: number): void {
    this.current += size;
    this.pass(0);
  }
}

/**
 * float32 numbers that are alive at most while a phase makes one pass forward and back, for `images` at a time; the values
 * at the cut and the weights themselves are not among them. Follows `portableOperations`: forward keeps every output until
 * the loss is there, then only what is saved for the gradients; each convolution gives back what it has used.
 */
export function trainingPeak(network: NetworkSteps, { suffix, boundary }: PhaseSteps, images: number): number {
  const given = new Set(boundary);
  const numbers = valueSizes(network);
  const sizes = new Map<string, number>();
  const data = dataOf(suffix);
  for (const [value, size] of numbers) {
    sizes.set(`value ${value}`, given.has(value) ? 0 : size * images);
    sizes.set(`gradient ${value}`, size * images);
  }
  const holdings = new Holdings(sizes);
  const name = (value: number): string => `value ${data.get(value) ?? value}`;
  // Forward: outputs live until its end, and what is saved beyond.
  for (const step of suffix) {
    holdings.hold(name(step.output));
    savedBy(step).forEach((value) => holdings.hold(name(value)));
    if (step.active) sizes.set(`mask ${step.output}`, step.size * images);
    if (step.active) holdings.hold(`mask ${step.output}`);
    // Mask and scaled values of a dropout, scores of a loss.
    holdings.pass(step.active ? 2 * step.size * images : 0);
  }
  for (const step of suffix) {
    holdings.release(name(step.output));
    for (const input of step.gradientInputs) {
      sizes.set(`gradient ${input} by ${step.output}`, sizeOf(numbers, input) * images);
    }
  }
  for (const step of [...suffix].reverse()) walkBack(step, numbers, holdings, images, name);
  return holdings.peak;
}

/** Values that hand on the memory of another one, by that one's number. */
function dataOf(steps: readonly PhaseStep[]): Map<number, number> {
  const data = new Map<number, number>();
  for (const { passes, active, inputs, output } of steps) {
    if (passes && !active) data.set(output, data.get(inputs[0]) ?? inputs[0]);
  }
  return data;
}

/** What the tape keeps of a step's values until the way back. */
function savedBy(step: PhaseStep): number[] {
  const { kind, trains, gradientInputs, activation, adaptive, inputs, output, passes } = step;
  if (!trains && gradientInputs.length === 0 && !adaptive) return [];
  switch (kind) {
    case 'convolution':
      return [...(activation ? [output] : []), ...(trains ? inputs : [])];
    case 'normalization':
      return trains || adaptive ? inputs : [];
    case 'logits':
      return inputs;
    case 'dropout':
      return [];
    case 'layer':
      // TensorFlow.js saves what its gradients take: the inputs, and the output of a pooling or an activation.
      return passes ? inputs : [...inputs, output];
  }
}

/** The way back through one step: what its gradients take and leave. */
function walkBack(
  step: PhaseStep,
  numbers: ReadonlyMap<number, number>,
  holdings: Holdings,
  images: number,
  name: (value: number) => string,
): void {
  const { kind, trains, gradientInputs, activation, output, size, columns, filter, passes } = step;
  if (!trains && gradientInputs.length === 0) return;
  const isFused = kind === 'convolution' || kind === 'normalization';
  // The last gradient is that of the loss, and small: every other one was made by a step after this one.
  const masked = kind === 'convolution' && activation ? size * images : 0;
  holdings.pass(masked);
  const saved = savedBy(step);
  if (masked > 0) {
    holdings.release(name(output));
    holdings.release(`gradient ${output}`);
  }
  const scratch = masked + Math.min(columns * images, Math.max(columns, MOST_COLUMNS)) + filter;
  for (const input of gradientInputs) {
    holdings.pass(scratch + (passes ? 0 : sizeOf(numbers, input) * images));
    if (passes) continue;
    // A second gradient of the same value is added to the first one, and stays until the end.
    const before = holdings.holds(`gradient ${input}`);
    holdings.hold(before ? `gradient ${input} by ${output}` : `gradient ${input}`);
  }
  holdings.pass(masked + 2 * filter);
  if (!isFused) return;
  holdings.release(`gradient ${output}`);
  saved.filter((value) => value !== output).forEach((value) => holdings.release(name(value)));
}

/**
 * float32 numbers that are alive at most while steps compute `wanted` from `given` without a tape, for one image; `given`
 * included. What nothing needs any more is given back at once.
 */
export function inferencePeak(
  network: NetworkSteps,
  steps: readonly PhaseStep[],
  given: readonly number[],
  wanted: readonly number[],
): number {
  const numbers = valueSizes(network);
  const lastUse = new Map<number, number>();
  steps.forEach(({ inputs }, position) => inputs.forEach((input) => lastUse.set(input, position)));
  const kept = new Set([...given, ...wanted]);
  let current = given.reduce((sum, value) => sum + sizeOf(numbers, value), 0);
  let most = current;
  steps.forEach((step, position) => {
    current += step.size;
    most = Math.max(most, current);
    for (const input of new Set(step.inputs)) {
      if (lastUse.get(input) === position && !kept.has(input)) current -= sizeOf(numbers, input);
    }
  });
  return most;
}
