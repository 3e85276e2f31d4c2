import { describe, expect, it } from 'vitest';
import { busiest, fit, lonLat, panBy, project, spread, unproject, world, zoomAt, type Bounds, type View } from '../src/map/geometry';

const UTAH: Bounds = [-114.05, 36.99, -109.04, 42.0];
const view: View = { center: [-111.9, 40.7], zoom: 8, width: 800, height: 600 };

describe('the projection', () => {
  it('puts the middle of the world in the middle of the square', () => expect(world([0, 0])).toEqual([0.5, 0.5]));
  it('is undone by its inverse', () => {
    const [lon, lat] = lonLat(world([-111.891, 40.7608]));
    expect(lon).toBeCloseTo(-111.891, 9);
    expect(lat).toBeCloseTo(40.7608, 9);
  });
  it('shows the centre in the middle, north above and east to the right', () => {
    expect(project(view, view.center)).toEqual([400, 300]);
    const [x, y] = project(view, [-111.8, 40.8]);
    expect(x).toBeGreaterThan(400);
    expect(y).toBeLessThan(300);
  });
});

describe('a view', () => {
  it('fits its bounds inside the padding', () => {
    const fitted = fit(UTAH, 1_000, 900, 20);
    for (const corner of [[UTAH[0], UTAH[1]], [UTAH[2], UTAH[3]]] as const) {
      const [x, y] = project(fitted, corner);
      expect(x).toBeGreaterThanOrEqual(19.9);
      expect(x).toBeLessThanOrEqual(980.1);
      expect(y).toBeGreaterThanOrEqual(19.9);
      expect(y).toBeLessThanOrEqual(880.1);
    }
  });
  it('keeps the place under the pointer while it zooms', () => {
    const place = unproject(view, [130, 470]);
    const [x, y] = project(zoomAt(view, [130, 470], 1.5), place);
    expect(x).toBeCloseTo(130, 6);
    expect(y).toBeCloseTo(470, 6);
  });
  it('moves with the hand', () => {
    const [x, y] = project(panBy(view, 30, -12), view.center);
    expect(x).toBeCloseTo(430, 6);
    expect(y).toBeCloseTo(288, 6);
  });
});

describe('marks that overlap', () => {
  const box = (x: number, y: number): { x: number; y: number; width: number; height: number } => ({ x, y, width: 30, height: 20 });
  it('are moved apart until each can be read', () => {
    const at = spread([box(100, 100), box(100, 100), box(104, 102), box(96, 99), box(101, 101)]);
    for (let i = 0; i < at.length; i++) {
      for (let j = i + 1; j < at.length; j++) {
        const apart = Math.abs(at[i]![0] - at[j]![0]) >= 29 || Math.abs(at[i]![1] - at[j]![1]) >= 19;
        expect(apart).toBe(true);
      }
    }
  });
  it('stay where they are when nothing overlaps', () => expect(spread([box(0, 0), box(100, 0)])).toEqual([[0, 0], [100, 0]]));
  it('cover none of the others, be they ever so many', () => {
    const boxes = Array.from({ length: 60 }, (_, i) => box(300 + (i % 4) * 3, 300 + (i % 7) * 2));
    const at = spread(boxes, [600, 600]);
    const covered = at.flatMap((a, i) => at.slice(i + 1).filter((b) => Math.abs(a[0] - b[0]) < 30 && Math.abs(a[1] - b[1]) < 20));
    expect(covered).toEqual([]);
    expect(at[0]).toEqual([300, 300]);
  });
  it('stay inside the frame', () => {
    for (const [x, y] of spread([box(20, 12), box(20, 12), box(20, 12)], [200, 200])) {
      expect(x).toBeGreaterThanOrEqual(15);
      expect(y).toBeGreaterThanOrEqual(10);
    }
  });
  it('go to the same places each time', () => {
    const boxes = Array.from({ length: 20 }, (_, i) => box(50 + (i % 5) * 7, 50 + Math.floor(i / 5) * 6));
    expect(spread(boxes)).toEqual(spread(boxes));
  });
});

describe('the busiest part', () => {
  it('is a small box around most places', () => {
    const city = Array.from({ length: 10 }, (_, i) => [-111.9 + i * 0.01, 40.6 + i * 0.02] as const);
    const box = busiest([...city, [-113.5, 37.1]], UTAH)!;
    expect(box[1]).toBeGreaterThan(40);
    expect((box[2] - box[0]) * (box[3] - box[1])).toBeLessThan(1);
  });
  it('is not shown where places are spread over the region', () => {
    expect(busiest([[-114, 37], [-109.1, 42], [-114, 42], [-109.1, 37], [-111, 39]], UTAH)).toBeNull();
  });
});
