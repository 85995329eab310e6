import type uPlot from 'uplot';
import type { PhaseBand, RunView } from '../../src/shared/runView.ts';
import type { Emphasis } from '../emphasis.ts';
import type { ChartTheme } from './chartTheme.ts';

const LABEL_ROOM = 4;
const FAINT = 0.07;
const STRONG = 0.22;

/** Draws a band behind the curves for every phase, with its number and name above: cool where only the head trains, warm where blocks do. */
export function drawPhaseBands(
  plot: uPlot,
  phases: readonly PhaseBand[],
  emphasis: Emphasis | null,
  theme: ChartTheme,
): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.textAlign = 'left';
  ctx.textBaseline = 'bottom';
  ctx.font = theme.font.replace('11px', `${11 * ratio}px`);
  for (const [index, phase] of phases.entries()) {
    const left = plot.valToPos(phase.from - 1, 'x', true);
    const right = plot.valToPos(phase.from - 1 + phase.epochs, 'x', true);
    ctx.fillStyle = phase.trainable.length > 0 ? theme.thawed : theme.frozen;
    ctx.globalAlpha = isEmphasized(phase, emphasis) ? STRONG : FAINT;
    ctx.fillRect(left, bbox.top, right - left - ratio, bbox.height);
    ctx.globalAlpha = 1;
    ctx.fillStyle = theme.axis;
    const names = phases.length > 1 ? [`${index + 1} ${phase.name}`, String(index + 1)] : [phase.name];
    const text = fitText(ctx, names, right - left - LABEL_ROOM * ratio);
    ctx.fillText(text, left, bbox.top - LABEL_ROOM * ratio);
  }
  ctx.restore();
}

const MARK_DASH = [2, 3];

/** Draws a dotted line at every place where the plan was changed while the run trained. */
export function drawChangeMarks(plot: uPlot, changes: RunView['changes'], theme: ChartTheme): void {
  if (changes.length === 0) return;
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = theme.axis;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash(MARK_DASH.map((length) => length * devicePixelRatio));
  for (const { epoch } of changes) {
    const left = Math.round(plot.valToPos(epoch, 'x', true));
    ctx.beginPath();
    ctx.moveTo(left, bbox.top);
    ctx.lineTo(left, bbox.top + bbox.height);
    ctx.stroke();
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

/** The first of several texts that there is room for, or none. */
function fitText(ctx: CanvasRenderingContext2D, texts: readonly string[], room: number): string {
  return texts.find((text) => ctx.measureText(text).width <= room) ?? '';
}
