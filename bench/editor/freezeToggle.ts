import type { Locator } from 'playwright-core';
import { type Editor, EditorWindow } from './editorWindow.ts';
import type { Measured } from './measured.ts';
import { profilePage } from './pageProfile.ts';
import { INCEPTION_PLAN } from './plans.ts';

const WARM_UP = 4;
/** Layers of the network and rows of its list: those below the head, 17 blocks, the head, and the header. */
const LAYERS = 318;
const ROWS = LAYERS - 1 + 17 + 1 + 1;
/** Rows that are toggled, in turn: in view once the list is back at its top, and no neighbours, which would fold. */
const LAYER_ROWS = ['conv2d', 'conv2d_1', 'batch_normalization_1', 'conv2d_2'];
const BLOCK_ROWS = ['conv2d', 'conv2d_3'];
const PATIENCE_MS = 10_000;

/**
 * From the click on a freeze switch to the end of the frame in which its row has changed, with every layer of InceptionV3
 * in the list: through the host, the document, and back.
 */
export async function measureFreezeToggle(
  editor: Editor,
  { repetitions, profile }: { repetitions: number; profile: boolean },
): Promise<Measured[]> {
  const window = await EditorWindow.open(editor);
  await window.openPlan(INCEPTION_PLAN);
  // Blocks that train do not fold into ranges.
  await window.plan.button('Freeze none').click();
  await window.planEditor().locator('.grid-row.block.trains').first().waitFor();
  await openAllRows(window);
  const kinds = [
    { subject: 'freezeLayer', kind: 'layer', names: LAYER_ROWS },
    { subject: 'freezeBlock', kind: 'block', names: BLOCK_ROWS },
  ] as const;
  const measured: Measured[] = [];
  for (const { subject, kind, names } of kinds) {
    const times = await toggle(window, kind, names, WARM_UP + repetitions);
    const again = (): Promise<unknown> => toggle(window, kind, names, repetitions);
    const functions = profile ? await profilePage(window, repetitions, again) : [];
    measured.push({ subject, values: times.slice(WARM_UP), note: null, profile: functions });
  }
  await window.close();
  return measured;
}

/** Opens every block from top to bottom; only the rows in view are in the page. */
async function openAllRows(window: EditorWindow): Promise<void> {
  const rows = await window.body.evaluate(async () => {
    const frame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));
    const scroller = document.querySelector('.grid-body');
    if (!scroller) return 0;
    for (let last = -1; scroller.scrollTop !== last;) {
      last = scroller.scrollTop;
      for (;;) {
        const closed = scroller.querySelector<HTMLElement>('button.twisty:not(.open)');
        if (!closed) break;
        closed.click();
        await frame();
      }
      scroller.scrollTop += scroller.clientHeight / 2;
      await frame();
      await frame();
    }
    scroller.scrollTop = 0;
    await frame();
    return Number(document.querySelector('[role="treegrid"]')?.getAttribute('aria-rowcount'));
  });
  if (rows !== ROWS) throw new Error(`the network has ${rows} rows where ${ROWS} are expected`);
}

/** Clicks on the switches of some rows in turn, `count` times in all, and returns how long each took to answer. */
async function toggle(
  window: EditorWindow,
  kind: 'layer' | 'block',
  names: readonly string[],
  count: number,
): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index++) {
    const row = window.planEditor().locator(`.grid-row.${kind}`);
    const button = row.getByRole('checkbox', { name: `${names[index % names.length]} frozen`, exact: true });
    times.push(await answerTime(window, button));
  }
  return times;
}

/** The pointer rests on the switch before it clicks, and nothing else is asked of the page meanwhile. */
async function answerTime(window: EditorWindow, button: Locator): Promise<number> {
  const box = await button.boundingBox();
  const handle = await button.elementHandle();
  if (!box || !handle) throw new Error('a switch is out of view');
  const { mouse } = window.page;
  await mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await handle.evaluate(awaitAnswer, PATIENCE_MS);
  const answered = handle.evaluate(() => (globalThis as unknown as { answered: Promise<number> }).answered);
  await mouse.down();
  await mouse.up();
  return answered;
}

/** Runs in the page: from the next click on a switch to the end of the frame with its new state, as a promise left there. */
async function awaitAnswer(button: Element, patience: number): Promise<void> {
  const before = button.getAttribute('aria-checked');
  const frame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));
  const frameEnd = async (): Promise<void> => {
    await frame();
    const { port1, port2 } = new MessageChannel();
    await new Promise((resolve) => {
      port1.onmessage = resolve;
      port2.postMessage(null);
    });
  };
  const answered = new Promise<number>((resolve, reject) => {
    const onClick = ({ timeStamp }: Event): void => {
      const observer = new MutationObserver(() => {
        if (button.getAttribute('aria-checked') === before) return;
        observer.disconnect();
        void frameEnd().then(() => resolve(performance.now() - timeStamp));
      });
      observer.observe(button, { attributes: true });
    };
    button.addEventListener('click', onClick, { once: true, capture: true });
    setTimeout(() => reject(new Error('a freeze switch did not answer')), patience);
  });
  Object.assign(globalThis, { answered });
  for (let frames = 0; frames < 2; frames++) await frame();
}
