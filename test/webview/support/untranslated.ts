import type { Page } from 'playwright-core';
import type { Snapshot } from '../../../src/shared/webviewProtocol.ts';
import { hasUntranslated } from '../../support/pseudoLocale.ts';

/** As `runDate` writes a date where the browser is English. */
const DATE = /\b[A-Z][a-z]{2} \d+, \d+:\d{2}:\d{2}\s[AP]M\b/g;

/** As the stand-in for the host calls its images. */
const IMAGE = /\S+\/\d{4}\.jpg\b/g;

/**
 * What of a page in the pseudo-locale was not translated: texts that are shown, and those that are said, with letters that
 * are neither in brackets nor in names of the snapshot.
 */
export async function untranslated(page: Page, snapshot: Snapshot): Promise<string[]> {
  const shown = await page.evaluate(shownTexts);
  const data = namesIn(snapshot);
  return shown
    .filter(({ text }) => hasUntranslated(text.replaceAll(DATE, '').replaceAll(IMAGE, ''), data))
    .map(({ where, text }) => `${where}: ${text}`);
}

/** Names of the plan, the network, the images and the runs, and what the trainer says, which is English. */
function namesIn({ title, document: { plan }, network, data, run, compared, runs }: Snapshot): string[] {
  const known = network.state === 'ready' ? network.value : null;
  const layers = known ? [...known.blocks.flatMap((block) => block.layers), ...known.head] : [];
  const images = data.state === 'ready' ? data.value : null;
  const files = [...(images?.problems ?? []), ...(images?.notes ?? [])];
  return [
    title,
    ...(plan?.phases ?? []).map(({ name }) => name),
    ...(known ? [known.title, ...known.blocks.map(({ name }) => name)] : []),
    ...layers.flatMap(({ name, type }) => [name, type]),
    ...(images?.classes ?? []),
    ...files.flatMap(({ file, problem }) => [file, problem]),
    ...[...runs, ...compared].map(({ name }) => name),
    ...(run ? [run.name, ...run.warnings] : []),
  ];
}

/**
 * Runs in the page. A sentence with marked words lies in several nodes, so a text is that of the outermost element with
 * words of its own.
 */
function shownTexts(): { where: string; text: string }[] {
  const said = [
    'aria-label',
    'aria-description',
    'aria-roledescription',
    'aria-valuetext',
    'title',
    'placeholder',
    'alt',
  ];
  const found: { where: string; text: string }[] = [];
  const visit = (element: Element, isInText: boolean): void => {
    if (element.matches('script, style')) return;
    const where = `<${element.tagName.toLowerCase()} class="${element.getAttribute('class') ?? ''}">`;
    for (const name of said) {
      const text = element.getAttribute(name);
      if (text !== null) found.push({ where: `${where} ${name}`, text });
    }
    const hasText = [...element.childNodes].some((node) => node instanceof Text && node.data.trim() !== '');
    if (hasText && !isInText) found.push({ where, text: element.textContent ?? '' });
    for (const child of [...element.children, ...(element.shadowRoot?.children ?? [])]) {
      visit(child, isInText || hasText);
    }
  };
  visit(document.body, false);
  return found;
}
