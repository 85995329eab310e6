import { t } from '@vscode/l10n';
import type { JSX } from 'preact';

/** Items in view; of more than these the last ones open on demand. */
const MOST = 6;

/** Sentences below each other, no more at first than can be taken in. */
export function ShortList({ items }: { items: readonly string[] }): JSX.Element {
  const shown = items.length > MOST ? items.slice(0, MOST - 1) : items;
  const rest = items.slice(shown.length);
  return (
    <>
      <ul class="reasons">
        {shown.map((item) => (
          <li key={item}>{item}</li>
        ))}
      </ul>
      {rest.length > 0 && (
        <details>
          <summary>{t('and {0} more', rest.length)}</summary>
          <ul class="reasons">
            {rest.map((item) => (
              <li key={item}>{item}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
