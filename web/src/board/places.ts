import type { BasePlace } from '../map/basemap';
import type { Bounds, LonLat } from '../map/geometry';

/** Where a typed or pointed place is. Pure. */

export interface Found {
  name: string;
  at: LonLat;
}

const EARTH_KM = 6_371;

export function distanceKm(a: LonLat, b: LonLat): number {
  const rad = Math.PI / 180;
  const [dLat, dLon] = [(b[1] - a[1]) * rad, (b[0] - a[0]) * rad];
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(a[1] * rad) * Math.cos(b[1] * rad) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH_KM * Math.asin(Math.sqrt(h));
}

/** `41.22, -111.97` in either order, inside the region. */
export function readCoordinates(text: string, [west, south, east, north]: Bounds): LonLat | null {
  const match = /^\s*(-?\d+(?:\.\d+)?)\s*[,; ]\s*(-?\d+(?:\.\d+)?)\s*$/.exec(text);
  if (!match) return null;
  const [a, b] = [Number(match[1]), Number(match[2])];
  const inside = (lon: number, lat: number): boolean => lon >= west && lon <= east && lat >= south && lat <= north;
  if (inside(b, a)) return [b, a];
  return inside(a, b) ? [a, b] : null;
}

/**
 * Towns whose name begins with the text, then those that contain it, the large ones first; for three
 * digits and more the postal codes that begin so, each with the town next to it.
 */
export function suggest(text: string, places: readonly BasePlace[], zips: readonly BasePlace[] = [], most = 6): Found[] {
  const wanted = text.trim().toLowerCase();
  if (/^\d{3,5}$/.test(wanted)) {
    const found = zips.filter(({ name }) => name.startsWith(wanted)).slice(0, most);
    return found.map(({ name, at }) => ({ name: `${nearestTown(at, places)} ${name}`.trim(), at }));
  }
  if (wanted.length < 2) return [];
  const begins = places.filter((place) => place.name.toLowerCase().startsWith(wanted));
  const contains = places.filter((place) => !begins.includes(place) && place.name.toLowerCase().includes(wanted));
  return [...begins, ...contains].slice(0, most).map(({ name, at }) => ({ name, at }));
}

/** The town that a point on the map belongs to, for everyone at dispatch to read. */
export function nearestTown(at: LonLat, places: readonly BasePlace[]): string {
  let best: BasePlace | null = null;
  let bestKm = Number.POSITIVE_INFINITY;
  for (const place of places) {
    const km = distanceKm(at, place.at);
    if (km < bestKm) [best, bestKm] = [place, km];
  }
  return best?.name ?? '';
}
