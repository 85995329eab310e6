import type { EditorWindow } from './editorWindow.ts';
import type { FunctionTime } from './ownTimes.ts';
import { profilePage } from './pageProfile.ts';
import { beginMark, drawnMark, scriptTime, type TraceEvent } from './traceTimes.ts';

const CATEGORIES = ['toplevel', 'devtools.timeline', 'blink.user_timing'];

/** Something that the page does at once, with all that its own script does in consequence until the frame is drawn. */
export type PageAction =
  /** A message as the host sends it. */
  | { message: unknown }
  /** The choice of a value in a select. */
  | { select: string; value: string };

/** Milliseconds of script that each action costs the page: processor time, so that other programs do not count. */
export async function scriptTimes(window: EditorWindow, actions: readonly PageAction[]): Promise<number[]> {
  const browser = window.page.context().browser();
  if (!browser) throw new Error('the browser is gone');
  await browser.startTracing(window.page, { categories: CATEGORIES });
  await act(window, actions);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  return actions.map((_, index) => scriptTime(traceEvents, index));
}

/** Where the time of some actions goes, per action. */
export function scriptProfile(window: EditorWindow, actions: readonly PageAction[]): Promise<FunctionTime[]> {
  return profilePage(window, actions.length, () => act(window, actions));
}

/** Does one action after the other, each in a task of its own and marked, with the frames after it. */
async function act(window: EditorWindow, actions: readonly PageAction[]): Promise<void> {
  const marked = actions.map((action, index) => ({ action, begin: beginMark(index), drawn: drawnMark(index) }));
  await window.body.evaluate(async (_body, given) => {
    const frame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));
    const dispatch = (action: PageAction): void => {
      if ('message' in action) {
        globalThis.dispatchEvent(new MessageEvent('message', { data: action.message }));
        return;
      }
      const select = document.querySelector<HTMLSelectElement>(action.select);
      if (!select) throw new Error(`there is no ${action.select}`);
      select.value = action.value;
      select.dispatchEvent(new Event('change', { bubbles: true }));
    };
    for (const { action, begin, drawn } of given) {
      await new Promise<void>((resolve) => {
        setTimeout(() => {
          performance.mark(begin);
          dispatch(action);
          resolve();
        });
      });
      for (let frames = 0; frames < 3; frames++) await frame();
      performance.mark(drawn);
    }
  }, marked);
}
