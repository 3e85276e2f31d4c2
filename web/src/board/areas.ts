import type { Geometry, Position } from 'geojson';
import type { Reached } from '../api/doors';
import type { RoadClosure } from '../live/kinds';
import type { LonLat } from '../map/geometry';
import type { Area } from '../map/scene';
import { w } from '../words';

/** Land on the map: closed or slow roads, and what is within reach. Pure. */

/** The rings or the line of a GeoJSON geometry; nothing of any other kind. */
export function rings(geometry: Geometry): LonLat[][] {
  const points = (line: Position[]): LonLat[] => line.map(([lon, lat]) => [lon!, lat!]);
  switch (geometry.type) {
    case 'Polygon':
      return geometry.coordinates.map(points);
    case 'MultiPolygon':
      return geometry.coordinates.flat().map(points);
    case 'LineString':
      return [points(geometry.coordinates)];
    default:
      return [];
  }
}

export const inForce = (closures: readonly RoadClosure[], nowMs: number): RoadClosure[] => closures.filter(({ from_ms, until_ms }) => from_ms <= nowMs && nowMs < until_ms);

/** Closures that hold now, each with what it means. */
export function closureAreas(closures: readonly RoadClosure[], nowMs: number, hour: (ms: number) => string): Area[] {
  return inForce(closures, nowMs).map((closure) => {
    const geometry = closure.area as unknown as Geometry;
    return {
      id: closure.id,
      shape: geometry.type === 'LineString' ? 'line' : 'area',
      rings: rings(geometry),
      tone: 'closed',
      fill: closure.slowdown === null ? 0.3 : 0.16,
      hatched: true,
      label: w.roads.label(closure.slowdown, w.roads.reasons[closure.reason] ?? closure.reason, hour(closure.until_ms)),
    };
  });
}

/** The largest first, so that the nearer lies upon it; its border is dashed. */
export function reachAreas(found: Reached | null): Area[] {
  return [...(found?.areas ?? [])]
    .sort((a, b) => b.limit_s - a.limit_s)
    .map(({ limit_s, area }, index, { length }) => ({ id: `reach ${limit_s}`, shape: 'area', rings: rings(area as unknown as Geometry), tone: 'reach', fill: 0.1, hatched: index === 0 && length > 1, label: w.reach.min(Math.round(limit_s / 60)) }));
}
