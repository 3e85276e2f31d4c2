import type { Geometry } from 'geojson';
import { inForce, rings } from '../board/areas';
import type { RoadClosure } from '../live/kinds';
import { boundsOf, type LonLat } from '../map/geometry';

/** Closed and slow roads that may lie on a crew's way. Pure. */

/** How far a way may leave the box that its stops span: about 11 km to the north, 8 to the east. */
const NEAR_DEG = 0.1;

export function onTheWay(closures: readonly RoadClosure[], stops: readonly LonLat[], nowMs: number): RoadClosure[] {
  const way = boundsOf(stops);
  if (!way) return [];
  return inForce(closures, nowMs).filter((closure) => {
    const land = boundsOf(rings(closure.area as unknown as Geometry).flat());
    return land !== null && land[0] <= way[2] + NEAR_DEG && land[2] >= way[0] - NEAR_DEG && land[1] <= way[3] + NEAR_DEG && land[3] >= way[1] - NEAR_DEG;
  });
}
