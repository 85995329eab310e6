import { signal } from '@preact/signals';
import type { TermId } from '../src/shared/terms.ts';

/** The explanation that is open, and what it belongs to. */
export interface OpenTooltip {
  term: TermId;
  /** Identifier of the element that is explained. */
  owner: string;
  anchor: DOMRect;
}
export const openTooltip = signal<OpenTooltip | null>(null);

/** Long enough to move the pointer from the word onto its explanation. */
const LEAVE_MILLISECONDS = 120;
let leaving: ReturnType<typeof setTimeout> | undefined;

export function showTooltip(tooltip: OpenTooltip): void {
  clearTimeout(leaving);
  openTooltip.value = tooltip;
}

export function keepTooltip(): void {
  clearTimeout(leaving);
}

export function leaveTooltip(): void {
  clearTimeout(leaving);
  leaving = setTimeout(hideTooltip, LEAVE_MILLISECONDS);
}

export function hideTooltip(): void {
  clearTimeout(leaving);
  openTooltip.value = null;
}
