import * as tf from '@tensorflow/tfjs-core';

/** An L2 penalty on one variable: `l2` times the sum of its squares is added to the loss of a batch. */
export interface Penalty {
  variable: tf.Variable;
  l2: number;
}

/** The gradients of one optimizer step by the engine's variable name, added up over micro-batches. */
export class GradientSum {
  readonly gradients = new Map<string, tf.Tensor>();

  /** The gradients stay the caller's. */
  add(gradients: ReadonlyMap<string, tf.Tensor>): void {
    for (const [name, gradient] of gradients) {
      const before = this.gradients.get(name);
      this.replace(name, before ? tf.add(before, gradient) : tf.clone(gradient));
    }
  }

  /** Adds the gradient of each penalty, 2 l2 w. */
  addPenalties(penalties: readonly Penalty[]): void {
    for (const { variable, l2 } of penalties) {
      const gradient = this.gradients.get(variable.name);
      if (gradient && l2 > 0) {
        this.replace(
          variable.name,
          tf.tidy(() => tf.add(gradient, tf.mul(variable, 2 * l2))),
        );
      }
    }
  }

  /**
   * Shortens all gradients by the same factor where their norm together is over `limit` (Pascanu et al. 2012,
   * https://arxiv.org/abs/1211.5063, section 3.2); leaves the direction of the step.
   */
  async clip(limit: number): Promise<void> {
    let squares = 0;
    for (const gradient of this.gradients.values()) {
      const square = tf.tidy(() => tf.sum(tf.square(gradient)));
      squares += (await square.data())[0];
      square.dispose();
    }
    const norm = Math.sqrt(squares);
    if (norm <= limit) return;
    for (const [name, gradient] of this.gradients) this.replace(name, tf.mul(gradient, limit / norm));
  }

  dispose(): void {
    tf.dispose([...this.gradients.values()]);
    this.gradients.clear();
  }

  private replace(name: string, gradient: tf.Tensor): void {
    const before = this.gradients.get(name);
    this.gradients.set(name, tf.keep(gradient));
    before?.dispose();
  }
}
