import { basename } from 'node:path';
import { MetricsTail } from '../node/metricsTail.ts';
import { currentState, type RunFolder } from '../node/runFolder.ts';
import { RunHistory } from '../shared/runHistory.ts';
import { emptyRunView, type RunViewState } from '../shared/runView.ts';

/** Gives the event loop a turn, since a long history takes a while to read. */
const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * The history of a run from its folder; what is missing there is missing in the history. `state` stands in for the one
 * that the folder states.
 */
export async function readRunHistory(folder: RunFolder, state?: RunViewState): Promise<RunHistory> {
  const status = await folder.readStatus().catch(() => null);
  const stated = status ? currentState(status) : 'failed';
  const start = emptyRunView(folder.path, basename(folder.path), state ?? stated);
  const history = new RunHistory({ ...start, startedAt: status?.startedAt ?? null });
  for await (const events of new MetricsTail(folder.metricsPath).read()) {
    for (const event of events) history.add(event);
    await pause();
  }
  const report = state === undefined ? await folder.readReport().catch(() => null) : null;
  history.setState(state ?? stated, {
    problem: status?.problem ?? null,
    freezeProof: report?.freezeProof ?? null,
    seconds: report?.seconds ?? null,
  });
  return history;
}
