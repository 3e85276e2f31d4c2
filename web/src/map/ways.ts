import type { LonLat } from './geometry';

/** Lines along roads, as time goes by. Pure. */

const METRES_A_DEGREE = 111_195;

export function metresApart([lon, lat]: LonLat, [toLon, toLat]: LonLat): number {
  return Math.hypot(toLat - lat, (toLon - lon) * Math.cos((lat * Math.PI) / 180)) * METRES_A_DEGREE;
}

/** What is left of a way for somebody who has come to `at`: from there on along the line. */
export function rest(line: readonly LonLat[], at: LonLat): LonLat[] {
  if (line.length === 0) return [];
  const apart = line.map((point) => metresApart(point, at));
  const nearest = apart.indexOf(Math.min(...apart));
  return [at, ...line.slice(nearest === line.length - 1 ? nearest : nearest + 1)];
}

/** The point half-way along, by length. */
export function middle(line: readonly LonLat[], share = 0.5): LonLat {
  const steps = line.slice(1).map((point, index) => metresApart(line[index]!, point));
  let left = steps.reduce((sum, step) => sum + step, 0) * share;
  for (let index = 0; index < steps.length; index++) {
    const step = steps[index]!;
    if (left <= step && step > 0) {
      const [a, b] = [line[index]!, line[index + 1]!];
      return [a[0] + ((b[0] - a[0]) * left) / step, a[1] + ((b[1] - a[1]) * left) / step];
    }
    left -= step;
  }
  return line[line.length - 1]!;
}
