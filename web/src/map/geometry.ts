/** Web Mercator in pixels, as map libraries count it: the world is 512·2^zoom wide. Pure. */

export type LonLat = readonly [lon: number, lat: number];
export type Pixel = readonly [x: number, y: number];
export type Bounds = readonly [west: number, south: number, east: number, north: number];

export interface View {
  center: LonLat;
  zoom: number;
  width: number;
  height: number;
}

const TILE = 512;
const MAX_LAT = 85.051129;

/** The unit square of the world: x to the east, y to the south, both in 0…1. */
export function world([lon, lat]: LonLat): Pixel {
  const clamped = Math.max(-MAX_LAT, Math.min(MAX_LAT, lat));
  const sin = Math.sin((clamped * Math.PI) / 180);
  return [(lon + 180) / 360, 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)];
}

export function lonLat([x, y]: Pixel): LonLat {
  return [x * 360 - 180, (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI];
}

export const scale = (zoom: number): number => TILE * 2 ** zoom;

export function project(view: View, place: LonLat): Pixel {
  const [cx, cy] = world(view.center);
  const [x, y] = world(place);
  const size = scale(view.zoom);
  return [(x - cx) * size + view.width / 2, (y - cy) * size + view.height / 2];
}

export function unproject(view: View, [px, py]: Pixel): LonLat {
  const [cx, cy] = world(view.center);
  const size = scale(view.zoom);
  return lonLat([(px - view.width / 2) / size + cx, (py - view.height / 2) / size + cy]);
}

/** The view that shows all of `bounds` with `padding` pixels around it. */
export function fit([west, south, east, north]: Bounds, width: number, height: number, padding: number, maxZoom = 15): View {
  const [x0, y0] = world([west, north]);
  const [x1, y1] = world([east, south]);
  const across = Math.max(width - 2 * padding, 1) / Math.max(x1 - x0, 1e-9);
  const down = Math.max(height - 2 * padding, 1) / Math.max(y1 - y0, 1e-9);
  const zoom = Math.min(maxZoom, Math.log2(Math.min(across, down) / TILE));
  return { center: lonLat([(x0 + x1) / 2, (y0 + y1) / 2]), zoom, width, height };
}

/** The view after zooming by `steps` so that the place under `at` stays there. */
export function zoomAt(view: View, at: Pixel, steps: number): View {
  const zoom = Math.max(3, Math.min(16, view.zoom + steps));
  const before = unproject(view, at);
  const moved = project({ ...view, zoom }, before);
  const [x, y] = [view.width / 2 + moved[0] - at[0], view.height / 2 + moved[1] - at[1]];
  return { ...view, zoom, center: unproject({ ...view, zoom }, [x, y]) };
}

export function panBy(view: View, dx: number, dy: number): View {
  return { ...view, center: unproject(view, [view.width / 2 - dx, view.height / 2 - dy]) };
}

export function boundsOf(places: readonly LonLat[]): Bounds | null {
  if (places.length === 0) return null;
  const lons = places.map(([lon]) => lon);
  const lats = places.map(([, lat]) => lat);
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** How far apart the tried positions are, and how far from home a box may go, in pixels. */
const STEP = 5;
const FARTHEST = 260;
/** How many boxes that had a place may look for a better one at once: a frame must not wait for all. */
const SEARCHES = 12;
const CELL = 48;

/**
 * Gives every box a place where it covers no other: the first in the list stay where they are, each
 * later one goes as little away as may be, inside `frame` if its home is. Takes and gives centres in
 * pixels; without room within 260 px a box stays at home. `before` says how far from home each box
 * was put last: where that still fits, nothing is looked for, and what stood still stays still.
 * The same input gives the same output.
 */
export function spread(boxes: readonly Box[], frame: readonly [width: number, height: number] | null = null, before: readonly (Pixel | undefined)[] = [], gap = 3): Pixel[] {
  const taken = new Taken(gap);
  let searches = SEARCHES;
  return boxes.map((box, index): Pixel => {
    const fits = fitting(box, taken, frame);
    const was = before[index];
    let at: Pixel = [box.x, box.y];
    if (!fits(box.x, box.y)) {
      const again: Pixel | null = was ? [box.x + was[0], box.y + was[1]] : null;
      if (again && (fits(...again) || searches-- <= 0)) at = again;
      else at = nearestRoom(box, fits) ?? at;
    }
    taken.add({ ...box, x: at[0], y: at[1] });
    return at;
  });
}

type Fits = (x: number, y: number) => boolean;

function fitting(box: Box, taken: Taken, frame: readonly [number, number] | null): Fits {
  const bound = frame !== null && box.x >= 0 && box.y >= 0 && box.x <= frame[0] && box.y <= frame[1];
  const inside: Fits = (x, y) => !bound || (x >= box.width / 2 && y >= box.height / 2 && x <= frame[0] - box.width / 2 && y <= frame[1] - box.height / 2);
  return (x, y) => inside(x, y) && taken.free(x, y, box.width, box.height);
}

/** Boxes that have their place, found by the squares of a grid that they touch. */
class Taken {
  #cells = new Map<number, Box[]>();

  constructor(readonly gap: number) {}

  add(box: Box): void {
    this.#each(box.x, box.y, box.width, box.height, (cell) => {
      const others = this.#cells.get(cell);
      if (others) others.push(box);
      else this.#cells.set(cell, [box]);
      return true;
    });
  }

  free(x: number, y: number, width: number, height: number): boolean {
    return this.#each(x, y, width + 2 * this.gap, height + 2 * this.gap, (cell) => {
      for (const other of this.#cells.get(cell) ?? []) {
        if (Math.abs(x - other.x) < (width + other.width) / 2 + this.gap && Math.abs(y - other.y) < (height + other.height) / 2 + this.gap) return false;
      }
      return true;
    });
  }

  /** True while `visit` is, over all squares that the box touches. */
  #each(x: number, y: number, width: number, height: number, visit: (cell: number) => boolean): boolean {
    const [left, right] = [Math.floor((x - width / 2) / CELL), Math.floor((x + width / 2) / CELL)];
    const [top, bottom] = [Math.floor((y - height / 2) / CELL), Math.floor((y + height / 2) / CELL)];
    for (let column = left; column <= right; column++) for (let row = top; row <= bottom; row++) if (!visit(column * 65_536 + row)) return false;
    return true;
  }
}

function nearestRoom(box: Box, fits: Fits): Pixel | null {
  for (let radius = STEP; radius <= FARTHEST; radius += STEP) {
    const tries = Math.max(8, Math.round((2 * Math.PI * radius) / (2 * STEP)));
    for (let turn = 0; turn < tries; turn++) {
      const angle = (2 * Math.PI * turn) / tries;
      const at: Pixel = [box.x + radius * Math.cos(angle), box.y + radius * Math.sin(angle)];
      if (fits(...at)) return at;
    }
  }
  return null;
}

/**
 * The box around the `share` of places that lie closest together, widened by `margin` degrees;
 * null where that is not much smaller than the whole, so that looking closer would show nothing.
 */
export function busiest(places: readonly LonLat[], whole: Bounds, share = 0.65, margin = 0.12): Bounds | null {
  if (places.length < 4) return null;
  const middle = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
  const [lon, lat] = [middle(places.map((at) => at[0])), middle(places.map((at) => at[1]))];
  const near = [...places].sort((a, b) => Math.hypot(a[0] - lon, a[1] - lat) - Math.hypot(b[0] - lon, b[1] - lat));
  const [west, south, east, north] = boundsOf(near.slice(0, Math.ceil(places.length * share)))!;
  const box: Bounds = [west - margin, south - margin, east + margin, north + margin];
  const area = (b: Bounds): number => (b[2] - b[0]) * (b[3] - b[1]);
  return area(box) < area(whole) / 5 ? box : null;
}
