import type { JSX } from 'preact';

/** Drawn on a 16 by 16 grid with the text's colour. Always beside a word or inside something that has a name. */
const PATHS = {
  /** Frozen. */
  snowflake:
    'M8 1.5v13M2.4 4.75l11.2 6.5M13.6 4.75l-11.2 6.5M6.2 2.6 8 4.2l1.8-1.6M6.2 13.4 8 11.8l1.8 1.6M2.5 7.1l2.3-.8-.5-2.4M13.5 8.9l-2.3.8.5 2.4M13.5 7.1l-2.3-.8.5-2.4M2.5 8.9l2.3.8-.5 2.4',
  /** Trains. */
  flame:
    'M8.2 1.6c.5 2.3 3.9 3.9 3.9 7.9a4.1 4.1 0 0 1-8.2 0c0-1.7.9-2.7 1.6-3.6.3 1 .7 1.5 1.4 1.7C6.5 5.5 6.800 3.200 8.200 1.600ZM8 13.400c-1.100 0-1.900-.8-1.900-1.800 0-1.100 1-1.500 1.800-2.700.9 1 2 1.600 2 2.700S9.100 13.400 8 13.400Z',
  /** Some of its layers are frozen. */
  mixed:
    'M8 2v12M8 8 3 5M8 8l-5 3M8 4.500 6.300 3M8 11.500 6.300 13M10.500 4.500c1.800 1 3 2.300 3 4.300 0 2-1.300 3.400-3 3.700',
  dash: 'M5 8h6',
  chevron: 'm6 3.500 4.500 4.500L6 12.500',
  play: 'M4.500 2.800v10.400L13 8Z',
  stop: 'M4 4h8v8H4Z',
  file: 'M9.500 1.800h-6v12.400h9V4.800ZM9.500 1.800v3h3M5.500 8h5M5.500 10.800h5',
  error:
    'M8 1.800a6.200 6.200 0 1 0 0 12.400A6.200 6.200 0 0 0 8 1.800ZM5.600 5.600l4.800 4.800M10.400 5.600l-4.800 4.800',
  warning: 'M8 2 1.500 13.500h13ZM8 6.300v3.600M8 11.300v.7',
  circle: 'M8 3.5a4.5 4.5 0 1 0 0 9 4.500 4.500 0 0 0 0-9Z',
  edit: 'M2.500 13.500v-2.700L10.800 2.500l2.700 2.700L5.200 13.500ZM9 4.300 11.700 7',
  close: 'm4 4 8 8M12 4l-8 8',
  check: 'm3 8.500 3.300 3.300L13 4.500',
  image: 'M1.800 3h12.400v10H1.800ZM2 11.500l3.800-3.800 3 3 2-2 3.200 3.200M10.800 6h.1',
} as const;

const FILLED: ReadonlySet<IconName> = new Set(['play', 'stop', 'flame']);

export type IconName = keyof typeof PATHS;

export function Icon({ name, class: className = '' }: { name: IconName; class?: string }): JSX.Element {
  return (
    <svg class={`icon ${FILLED.has(name) ? 'filled' : ''} ${className}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
