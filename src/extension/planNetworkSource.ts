import type { Plan } from '../shared/plan.ts';
import type { PlanNetwork } from '../shared/planView.ts';
import { PlanAnswer, type PlanText } from './planAnswer.ts';

/** Time without typing before the trainer is asked again. */
const SETTLE_MS = 250;

/** The network of a plan, asked of the trainer whenever the plan names another network or head. */
export class PlanNetworkSource extends PlanAnswer<PlanNetwork> {
  /** The network as last described. */
  get known(): PlanNetwork | null {
    return this.view.state === 'ready' ? this.view.value : null;
  }

  /** Loads what the plan names; another head on the same network leaves that in view meanwhile. */
  load(plan: Plan): void {
    const key = JSON.stringify([plan.model, plan.weights, plan.head, plan.input]);
    this.ask(key, plan.model, this.key === null ? 0 : SETTLE_MS);
  }

  protected async request(params: PlanText, signal: AbortSignal): Promise<PlanNetwork> {
    return (await this.trainer.request('describe', params, { signal })).network;
  }
}
