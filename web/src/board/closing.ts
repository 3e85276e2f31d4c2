import type { LonLat } from '../map/geometry';
import type { Area, Mark } from '../map/scene';

/** Roads that somebody is about to close or slow: what the points that were typed or clicked stand for. Pure. */

export type Outline = 'around' | 'road' | 'area';
export type ClosureShape = { type: 'Polygon'; coordinates: LonLat[][] } | { type: 'LineString'; coordinates: LonLat[] };

/** Degrees of latitude in a kilometre. */
const DEG_KM = 1 / 111.195;
const CORNERS = 48;

/** A ring of so many kilometres around a place. */
export function circle([lon, lat]: LonLat, km: number): LonLat[] {
  const up = km * DEG_KM;
  const across = up / Math.cos((lat * Math.PI) / 180);
  const ring = Array.from({ length: CORNERS }, (_, index): LonLat => {
    const turn = (2 * Math.PI * index) / CORNERS;
    return [lon + across * Math.cos(turn), lat + up * Math.sin(turn)];
  });
  return [...ring, ring[0]!];
}

/** Null while points are missing, or the `way` by road from one point to the next is not known yet. */
export function closureShape(outline: Outline, points: readonly LonLat[], km: number, way: readonly LonLat[] | null): ClosureShape | null {
  const last = points.at(-1);
  if (outline === 'around') return last && km > 0 ? { type: 'Polygon', coordinates: [circle(last, km)] } : null;
  if (outline === 'road') return points.length > 1 && way ? { type: 'LineString', coordinates: [...way] } : null;
  return points.length > 2 ? { type: 'Polygon', coordinates: [[...points, points[0]!]] } : null;
}

/** What the map shows of it before it is sent. */
export function closureSketch(outline: Outline, points: readonly LonLat[], shape: ClosureShape | null): { marks: Mark[]; areas: Area[] } {
  const shown = outline === 'around' ? points.slice(-1) : points;
  return {
    marks: shown.map((place, index) => ({ id: `closing ${index}`, shape: 'pick', place, tone: 'pick', text: outline === 'around' ? '+' : String(index + 1) })),
    areas: shape ? [{ id: 'closing', shape: shape.type === 'Polygon' ? 'area' : 'line', rings: shape.type === 'Polygon' ? shape.coordinates : [shape.coordinates], tone: 'pick', fill: 0.12 }] : [],
  };
}
