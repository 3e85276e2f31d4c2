import type { LonLat } from '../map/geometry';

/** Where units came from, remembered from the frames that were seen here. */

/** So far back a trail goes, and so far, and for so long, a unit must have gone for its next point. */
export const TRAIL_MS = 20 * 60_000;
const STEP_M = 60;
const STEP_MS = 15_000;
const METRES_A_DEGREE = 111_195;

export interface Moving {
  id: string;
  lon: number;
  lat: number;
  /** When the position was reported; null where no position is told. */
  position_ms: number | null;
  /** It is drawn elsewhere than where it is: then nothing of where it was is kept. */
  obscured?: boolean;
}

interface Point {
  at: LonLat;
  ms: number;
}

export class Trails {
  #points = new Map<string, Point[]>();

  /** Takes in all units as they are now; who is gone or obscured is forgotten at once. */
  follow(units: readonly Moving[], nowMs: number): void {
    const seen = new Set<string>();
    for (const unit of units) {
      if (unit.obscured || unit.position_ms === null) continue;
      seen.add(unit.id);
      const points = this.#points.get(unit.id);
      const next: Point = { at: [unit.lon, unit.lat], ms: unit.position_ms };
      if (!points) {
        this.#points.set(unit.id, [next]);
        continue;
      }
      const last = points[points.length - 1]!;
      if (next.ms >= last.ms + STEP_MS && metres(last.at, next.at) >= STEP_M) points.push(next);
      while (points.length > 1 && points[0]!.ms < nowMs - TRAIL_MS) points.shift();
    }
    for (const id of this.#points.keys()) if (!seen.has(id)) this.#points.delete(id);
  }

  /** The way of a unit in the last minutes, the oldest first, up to where it is; empty where it stood. */
  of(unit: Moving): LonLat[] {
    const points = this.#points.get(unit.id) ?? [];
    return points.length > 1 ? [...points.map(({ at }) => at), [unit.lon, unit.lat]] : [];
  }
}

function metres([lon, lat]: LonLat, [toLon, toLat]: LonLat): number {
  return Math.hypot(toLat - lat, (toLon - lon) * Math.cos((lat * Math.PI) / 180)) * METRES_A_DEGREE;
}
