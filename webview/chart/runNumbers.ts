import type uPlot from 'uplot';
import { spreadLabels } from '../../src/shared/chartSeries.ts';
import type { ChartTheme } from './chartTheme.ts';
import type { Curves } from './curves.ts';
import type { RunStyle } from './runSeries.ts';

/** Pixels of CSS. */
const FONT_SIZE = 11;
const GAP = 4;

/** Where a curve ends, in pixels of the canvas. */
interface CurveEnd {
  number: number;
  color: string;
  left: number;
  top: number;
}

/** Writes the number of each run beside the end of its validation curve, so that colour is not all that tells them apart. */
export function drawRunNumbers(
  plot: uPlot,
  curves: readonly Curves[],
  styles: readonly RunStyle[],
  theme: ChartTheme,
): void {
  const ends = curveEnds(plot, curves, styles);
  if (ends.length === 0) return;
  const { ctx, bbox } = plot;
  const size = FONT_SIZE * devicePixelRatio;
  ctx.save();
  ctx.font = theme.font.replace(`${FONT_SIZE}px`, `bold ${size}px`);
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  for (const neighbours of groupedByPlace(ends, size)) {
    const wanted = neighbours.map(({ top }) => top);
    const tops = spreadLabels(wanted, size, bbox.top + size / 2, bbox.top + bbox.height - size / 2);
    neighbours.forEach(({ number, color, left }, index) => {
      ctx.fillStyle = color;
      ctx.fillText(String(number), left + GAP * devicePixelRatio, tops[index]);
    });
  }
  ctx.restore();
}

function curveEnds(plot: uPlot, curves: readonly Curves[], styles: readonly RunStyle[]): CurveEnd[] {
  return styles.flatMap(({ number, training: color }, run) => {
    const present = curves.at(run);
    if (number === null || !present) return [];
    const { x, y } = present.validation.x.length > 0 ? present.validation : present.training;
    const last = y.findLastIndex(Number.isFinite);
    if (last < 0) return [];
    return [{ number, color, left: plot.valToPos(x[last], 'x', true), top: plot.valToPos(y[last], 'y', true) }];
  });
}

/** Ends that are so close to each other from left to right that their numbers could overlap. */
function groupedByPlace(ends: readonly CurveEnd[], width: number): CurveEnd[][] {
  const groups: CurveEnd[][] = [];
  for (const end of [...ends].sort((a, b) => a.left - b.left)) {
    const group = groups.at(-1);
    if (group && end.left - group[group.length - 1].left < width) group.push(end);
    else groups.push([end]);
  }
  return groups;
}
