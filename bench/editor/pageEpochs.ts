import type { EditorWindow } from './editorWindow.ts';

/** When the page got an epoch and when it showed it, in milliseconds since 1970. */
export interface PageEpoch {
  /** The message with it had come and was taken in. */
  arrived: number;
  /** The frame with its row was over. */
  drawn: number;
}

type Global = typeof globalThis & { pageEpochs: () => [number, PageEpoch][] };

/** Has the page note each epoch that comes to the table beside its charts from now on. */
export async function noteEpochs(window: EditorWindow): Promise<void> {
  await window.body.evaluate((body) => {
    const noted = new Map<number, PageEpoch>();
    let name: string | null = null;
    const frameEnd = (then: () => void): void => {
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = then;
        port2.postMessage(null);
      });
    };
    const look = (): void => {
      const caption = [...body.querySelectorAll('caption')].find((each) => each.textContent?.startsWith('Epochs of'));
      // Another run has epochs of its own.
      if (caption?.textContent !== name) noted.clear();
      name = caption?.textContent ?? null;
      for (const cell of caption?.closest('table')?.querySelectorAll('tbody th') ?? []) {
        const epoch = Number.parseInt(cell.textContent ?? '', 10);
        if (noted.has(epoch)) continue;
        const times = { arrived: Date.now(), drawn: NaN };
        noted.set(epoch, times);
        frameEnd(() => (times.drawn = Date.now()));
      }
    };
    look();
    new MutationObserver(look).observe(body, { childList: true, subtree: true, characterData: true });
    Object.assign(globalThis, { pageEpochs: () => [...noted].filter(([, { drawn }]) => !Number.isNaN(drawn)) });
  });
}

/** What the page has noted, by epoch. */
export async function notedEpochs(window: EditorWindow): Promise<ReadonlyMap<number, PageEpoch>> {
  return new Map(await window.body.evaluate(() => (globalThis as Global).pageEpochs()));
}
