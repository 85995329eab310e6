import type uPlot from 'uplot';
import type { PhaseBand } from '../../src/shared/runView.ts';
import type { Emphasis } from '../emphasis.ts';
import type { ChartTheme } from './chartTheme.ts';

const LABEL_ROOM = 4;
const FAINT = 0.07;
const STRONG = 0.22;

/** Draws a band behind the curves for every phase, with its name above: cool where only the head trains, warm where blocks do. */
export function drawPhaseBands(
  plot: uPlot,
  phases: readonly PhaseBand[],
  emphasis: Emphasis | null,
  theme: ChartTheme,
): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.textBaseline = 'bottom';
  ctx.font = theme.font.replace('11px', `${11 * ratio}px`);
  for (const phase of phases) {
    const left = plot.valToPos(phase.from - 1, 'x', true);
    const right = plot.valToPos(phase.from - 1 + phase.epochs, 'x', true);
    ctx.fillStyle = phase.trainable.length > 0 ? theme.thawed : theme.frozen;
    ctx.globalAlpha = isEmphasized(phase, emphasis) ? STRONG : FAINT;
    ctx.fillRect(left, bbox.top, right - left - ratio, bbox.height);
    ctx.globalAlpha = 1;
    ctx.fillStyle = theme.axis;
    const text = fitText(ctx, phase.name, right - left - LABEL_ROOM * ratio);
    ctx.fillText(text, left, bbox.top - LABEL_ROOM * ratio);
  }
  ctx.restore();
}

/** The phase at a position in epochs. */
export function phaseAt(phases: readonly PhaseBand[], position: number): PhaseBand | undefined {
  return phases.find((phase) => position >= phase.from - 1 && position < phase.from - 1 + phase.epochs);
}

function isEmphasized(phase: PhaseBand, emphasis: Emphasis | null): boolean {
  if (!emphasis) return false;
  if (emphasis.phase !== undefined) return emphasis.phase === phase.name;
  return emphasis.blocks.some((block) => phase.trainable.includes(block));
}

/** As much of a text as there is room for. */
function fitText(ctx: CanvasRenderingContext2D, text: string, room: number): string {
  if (ctx.measureText(text).width <= room) return text;
  for (let length = text.length - 1; length > 1; length--) {
    const shorter = `${text.slice(0, length)}…`;
    if (ctx.measureText(shorter).width <= room) return shorter;
  }
  return '';
}
