import { t } from '@vscode/l10n';
import type { JSX } from 'preact';

/** Movements drawn as an empty and as a full bar; between them the bar is logarithmic. */
const LEAST = 1e-4;
const MOST = 1;

/** How far weights have gone from where they started: a bar, and the number in words for those who do not see it. */
export function MovementBar({ movement }: { movement: number }): JSX.Element {
  const share = Math.log(Math.max(movement, LEAST) / LEAST) / Math.log(MOST / LEAST);
  const text = movementText(movement);
  return (
    <span class="movement" title={t('Moved by {0} of its size', text)}>
      <span class="movement-bar">
        <span style={{ '--share': `${Math.min(1, share) * 100}%` }} />
      </span>
      <span class="movement-text numbers">{text}</span>
    </span>
  );
}

function movementText(movement: number): string {
  if (movement === 0) return t('{0} %', 0);
  const percent = movement * 100;
  if (percent < 0.01) return t('< 0.01 %');
  return t('{0} %', percent >= 10 ? Math.round(percent) : percent.toPrecision(2));
}
