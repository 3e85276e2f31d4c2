/** Which points of a phone are worth sending. Pure. */

export interface Point {
  lon: number;
  lat: number;
  at_ms: number;
  accuracy_m: number;
}

/** A point every so often while moving, one a minute at rest. */
const EVERY_MS = 5_000;
const AT_REST_MS = 60_000;
const MOVED_M = 25;
/** Coarser than this it says where the mast is, not where the team is. */
export const COARSE_M = 500;
/** After a long dead spot the oldest points are given up. */
const KEPT = 500;

const METRES_PER_DEGREE = 111_195;

function apartM(a: Point, b: Point): number {
  const east = (a.lon - b.lon) * Math.cos((a.lat * Math.PI) / 180);
  return Math.hypot(east, a.lat - b.lat) * METRES_PER_DEGREE;
}

/** Whether `point` says something that `last` did not. */
export function worth(last: Point | null, point: Point): boolean {
  if (point.accuracy_m > COARSE_M) return false;
  if (!last) return true;
  const passedMs = point.at_ms - last.at_ms;
  if (passedMs < EVERY_MS) return false;
  return passedMs >= AT_REST_MS || apartM(last, point) > Math.max(MOVED_M, point.accuracy_m / 2);
}

/** The points that wait, with one more; the newest are kept. */
export const kept = (waiting: readonly Point[], point: Point): Point[] => [...waiting, point].slice(-KEPT);
