import type { JSX } from 'preact';

/** How much of something is done; without `total` that is not known yet. */
export function ProgressBar({
  label,
  text,
  done,
  total,
}: {
  label: string;
  /** What is read out in place of the numbers. */
  text?: string;
  done?: number;
  total?: number;
}): JSX.Element {
  const share = total !== undefined && total > 0 ? (done ?? 0) / total : 0;
  return (
    <div
      class="activity-bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={total}
      aria-valuenow={done}
      aria-valuetext={text}
    >
      <div style={{ width: `${share * 100}%` }} />
    </div>
  );
}
