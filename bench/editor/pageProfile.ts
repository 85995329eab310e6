import type { EditorWindow } from './editorWindow.ts';
import { type CpuProfile, type FunctionTime, ownTimes } from './ownTimes.ts';

const SAMPLING_MICROSECONDS = 100;

/**
 * Own time of functions in the page of a window, the plan editor's frame among its others, while something is done
 * `times` times: the mean of these.
 */
export async function profilePage(
  { devtools }: EditorWindow,
  times: number,
  work: () => Promise<unknown>,
): Promise<FunctionTime[]> {
  await devtools.send('Profiler.enable');
  await devtools.send('Profiler.setSamplingInterval', { interval: SAMPLING_MICROSECONDS });
  await devtools.send('Profiler.start');
  await work();
  const { profile } = await devtools.send('Profiler.stop');
  return ownTimes(profile as CpuProfile).map(({ name, milliseconds }) => ({
    name,
    milliseconds: milliseconds / times,
  }));
}
