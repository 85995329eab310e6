import type uPlot from 'uplot';
import type { Curve } from '../../src/shared/chartSeries.ts';

/** Values to canvas pixels, for as many points as a curve has: uPlot's own function asks for the scale at each. */
interface Projection {
  x: (value: number) => number;
  y: (value: number) => number;
}

const POINT_RADIUS = 3;
/** As uPlot numbers the kinds of scales. */
const LOGARITHMIC = 3;

/** A line by the curve it goes through: of several runs mostly one gains points, and the others stay where they are. */
const lines = new WeakMap<Curve, { place: string; path: Path2D }>();

/** A line through all points of a curve. */
export function linePath(plot: uPlot, curve: Curve): Path2D {
  const place = placeOf(plot);
  const present = lines.get(curve);
  if (present?.place === place) return present.path;
  const path = drawLine(curve, projectionOf(plot));
  lines.set(curve, { place, path });
  return path;
}

function drawLine({ x, y }: Curve, project: Projection): Path2D {
  const path = new Path2D();
  for (let index = 0; index < x.length; index++) {
    if (Number.isFinite(y[index])) path.lineTo(project.x(x[index]), project.y(y[index]));
  }
  return path;
}

/** The area between two curves over the same places. */
export function areaPath(plot: uPlot, x: readonly number[], low: readonly number[], high: readonly number[]): Path2D {
  const path = new Path2D();
  const project = projectionOf(plot);
  x.forEach((value, index) => path.lineTo(project.x(value), project.y(high[index])));
  for (let index = x.length - 1; index >= 0; index--) path.lineTo(project.x(x[index]), project.y(low[index]));
  path.closePath();
  return path;
}

/** A disc at every point of a curve. */
export function pointsPath(plot: uPlot, { x, y }: Curve): Path2D {
  const path = new Path2D();
  const project = projectionOf(plot);
  const radius = POINT_RADIUS * devicePixelRatio;
  x.forEach((value, index) => {
    if (!Number.isFinite(y[index])) return;
    const [left, top] = [project.x(value), project.y(y[index])];
    path.moveTo(left + radius, top);
    path.arc(left, top, radius, 0, 2 * Math.PI);
  });
  return path;
}

/** All that a projection depends on. */
function placeOf({ bbox, scales: { x, y } }: uPlot): string {
  return [bbox.left, bbox.top, bbox.width, bbox.height, x.min, x.max, y.min, y.max, y.distr].join();
}

function projectionOf({ bbox, scales }: uPlot): Projection {
  const isLog = Number(scales.y.distr) === LOGARITHMIC;
  const shape = isLog ? Math.log : (value: number): number => value;
  const lowX = scales.x.min ?? 0;
  const perX = bbox.width / ((scales.x.max ?? 1) - lowX);
  const lowY = shape(scales.y.min ?? 0);
  const perY = bbox.height / (shape(scales.y.max ?? 1) - lowY);
  return {
    x: (value) => bbox.left + (value - lowX) * perX,
    y: (value) => bbox.top + bbox.height - (shape(value) - lowY) * perY,
  };
}
