import type { FrameLocator, Locator } from 'playwright-core';
import type { Workbench } from './workbench.ts';

/** Of the table beside the charts. */
const COLUMNS = 6;

/** The plan editor as a person reads it: everything by role and name. Asks for its frame each time. */
export class PlanPage {
  constructor(private readonly workbench: Pick<Workbench, 'planEditor'>) {}

  get frame(): FrameLocator {
    return this.workbench.planEditor();
  }

  /** Waits until the network of the plan is shown. */
  async ready(): Promise<void> {
    await this.frame.getByRole('treegrid', { name: 'Network' }).waitFor();
  }

  /** The switch of a block or layer; checked means frozen. */
  freezeSwitch(name: string): Locator {
    return this.frame.getByRole('checkbox', { name: `${name} frozen`, exact: true });
  }

  /** The row of a block or layer. */
  row(name: string): Locator {
    return this.frame
      .getByRole('row')
      .filter({ has: this.frame.locator('.row-name').getByText(name, { exact: true }) });
  }

  rate(name: string): Locator {
    return this.frame.getByRole('textbox', { name: `Learning rate of ${name}`, exact: true });
  }

  button(name: string): Locator {
    return this.frame.getByRole('button', { name, exact: true });
  }

  chart(measure: 'Loss' | 'Accuracy'): Locator {
    return this.frame.getByRole('figure', { name: new RegExp(`^${measure} `) });
  }

  /** How the shown run stands, such as `Running`. */
  runState(): Locator {
    return this.frame.locator('.run-state');
  }

  /** The table beside the charts: epoch, training loss and validation loss of each row. */
  async epochs(): Promise<{ epoch: number; loss: string; validationLoss: string }[]> {
    const table = this.frame.getByRole('table', { name: /^Epochs of the run/ });
    const cells = await table.locator('tbody :is(th, td)').allTextContents();
    const rows = Array.from({ length: Math.floor(cells.length / COLUMNS) }, (_, row) => row * COLUMNS);
    return rows.map((at) => ({
      epoch: Number.parseInt(cells[at] ?? '', 10),
      loss: cells[at + 2] ?? '',
      validationLoss: cells[at + 3] ?? '',
    }));
  }
}
