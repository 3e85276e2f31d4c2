import { describe, expect, it } from 'vitest';
import type { Reached } from '../src/api/doors';
import { closureShape, closureSketch } from '../src/board/closing';
import { distanceKm } from '../src/board/places';
import { closureAreas, reachAreas } from '../src/board/areas';
import { leaving, leavesSoon, SOON_MS } from '../src/board/shifts';
import { sunElevationDeg, sunIsUp } from '../src/board/sun';
import { TRAIL_MS, Trails, type Moving } from '../src/board/trails';
import { largestByZone, nextPlace, placeOf, wallTrails } from '../src/board/wall';
import type { RoadClosure, Team, WallFacility, WallUnit } from '../src/live/kinds';
import { middle, rest } from '../src/map/ways';

const NOW = 1_800_000_000_000;

describe('a trail', () => {
  const unit = (step: number, change: Partial<Moving> = {}): Moving => ({ id: 'a', lon: -111.9 + step * 0.01, lat: 40.7, position_ms: NOW + step * 60_000, ...change });
  const seen = (...units: Moving[]): Trails => {
    const trails = new Trails();
    for (const each of units) trails.follow([each], each.position_ms ?? NOW);
    return trails;
  };
  it('is the way of the last minutes, up to where the unit is', () => {
    expect(seen(unit(0), unit(1), unit(2)).of(unit(2)).map(([lon]) => Math.round((lon + 111.9) * 100))).toEqual([0, 1, 2, 2]);
  });
  it('is nothing for a unit that stands, however often it says so', () => {
    const still = (step: number): Moving => unit(0, { position_ms: NOW + step * 1_000 });
    expect(seen(still(0), still(1), still(2)).of(still(2))).toEqual([]);
  });
  it('forgets what is longer ago', () => {
    const late = unit(40);
    const trails = seen(...Array.from({ length: 41 }, (_, step) => unit(step)));
    expect(trails.of(late)[0]![0]).toBeGreaterThanOrEqual(unit(40 - TRAIL_MS / 60_000).lon - 1e-9);
  });
  it('is gone at once when the unit is obscured or leaves the feed, and begins anew', () => {
    const trails = seen(unit(0), unit(1), unit(2, { obscured: true }), unit(3));
    expect(trails.of(unit(3))).toEqual([]);
    trails.follow([], NOW);
    trails.follow([unit(4)], NOW);
    expect(trails.of(unit(4))).toEqual([]);
  });
  it('is not drawn on the wall for a unit that is not drawn where it is', () => {
    const trails = seen(unit(0), unit(1));
    const wall = (obscured: boolean): WallUnit => ({ ...unit(1), zone: 'weber', status: 'available', obscured }) as WallUnit;
    expect([wallTrails([wall(false)], trails).length, wallTrails([wall(true)], trails).length]).toEqual([1, 0]);
  });
});

describe('who goes off shift soon', () => {
  const team = (name: string, endMs: number, change: Partial<Team> = {}): Team => ({ id: name, name, status: 'available', request: null, shift_end_ms: NOW + endMs, ...change }) as Team;
  it('is on duty for less than half an hour more, the first to go first', () => {
    const all = [team('later', SOON_MS + 1), team('soon', 1_000), team('sooner', 500), team('gone', -1), team('out', 900, { status: 'out_of_service' })];
    expect(leaving(all, [], NOW).map(({ unit }) => unit.name)).toEqual(['sooner', 'soon']);
  });
  it('is whoever is over time with a person', () => expect(leavesSoon(team('over', -60_000, { request: 'r' }), NOW)).toBe(true));
});

describe('the sun', () => {
  const SALT_LAKE = [-111.89, 40.76] as const;
  it('stands highest at midsummer by latitude and tilt', () => {
    // Solar noon in Salt Lake City on 21 June 2026 is near 19:29 UTC; 90° - 40.76° + 23.44°.
    expect(sunElevationDeg(Date.UTC(2026, 5, 21, 19, 29), SALT_LAKE)).toBeCloseTo(72.7, 0);
  });
  it('rises and sets when the almanac says', () => {
    // On the equinox of 20 March 2026 the sun is up for about 12 h 8 min: 13:33 to 01:40 UTC.
    const up = (hour: number, minute: number, day = 20): boolean => sunIsUp(Date.UTC(2026, 2, day, hour, minute), SALT_LAKE);
    expect([up(13, 20), up(13, 50), up(1, 20, 21), up(1, 55, 21)]).toEqual([false, true, true, false]);
  });
  it('does not set on a polar summer night', () => expect(sunIsUp(Date.UTC(2026, 5, 21, 22, 0), [25.78, 71.17])).toBe(true));
});

describe('a way by road', () => {
  const line = [[0, 0], [0.01, 0], [0.01, 0.01], [0.02, 0.01]] as const;
  it('is shorter for whoever has driven a part of it', () => {
    expect(rest(line, [0.0101, 0.0005])).toEqual([[0.0101, 0.0005], [0.01, 0.01], [0.02, 0.01]]);
  });
  it('ends where it ends, also for whoever is there', () => expect(rest(line, [0.02, 0.0099])).toEqual([[0.02, 0.0099], [0.02, 0.01]]));
  it('has its middle by length, not by points', () => {
    const [lon, lat] = middle([[0, 0], [0.001, 0], [0.002, 0], [0.01, 0]]);
    expect([lon, lat]).toEqual([0.005, 0]);
  });
});

describe('closed and slow roads', () => {
  const closure = (change: Partial<RoadClosure>): RoadClosure => ({ id: 'c', area: { type: 'LineString', coordinates: [[0, 0], [1, 1]] }, slowdown: null, reason: 'flood', from_ms: NOW - 1, until_ms: NOW + 1, ...change }) as RoadClosure;
  it('are drawn while they hold, in words', () => {
    const [area] = closureAreas([closure({})], NOW, () => '04:00');
    expect(area).toMatchObject({ shape: 'line', rings: [[[0, 0], [1, 1]]], label: 'closed: flood, until 04:00' });
    expect(closureAreas([closure({ slowdown: 2 })], NOW, () => '04:00')[0]!.label).toBe('2× as slow: flood, until 04:00');
  });
  it('are not drawn before or after', () => {
    expect(closureAreas([closure({ from_ms: NOW + 1 }), closure({ until_ms: NOW })], NOW, () => '')).toEqual([]);
  });
});

describe('what is within reach', () => {
  it('is drawn with the nearest on top, holes kept', () => {
    const square = { type: 'Polygon', coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]], [[0.2, 0.1], [0.3, 0.1], [0.3, 0.2], [0.2, 0.1]]] };
    const areas = reachAreas({ areas: [{ limit_s: 900, area: square }, { limit_s: 3600, area: square }], teams: [], engine: 'trees', quality: 'road' } as unknown as Reached);
    expect(areas.map(({ label, rings, hatched }) => [label, rings.length, hatched])).toEqual([['60 min', 2, true], ['15 min', 2, false]]);
  });
});

describe('roads that somebody is about to close', () => {
  const [a, b, c]: [number, number][] = [[-111.9, 40.7], [-111.8, 40.8], [-111.7, 40.7]];
  it('lie within so many kilometres of the last place, in a closed ring', () => {
    const shape = closureShape('around', [a!, b!], 3, null)!;
    const ring = shape.coordinates[0] as [number, number][];
    expect(ring[0]).toEqual(ring.at(-1));
    for (const corner of ring) expect(distanceKm(b!, corner)).toBeCloseTo(3, 1);
  });
  it('follow the road between places, and nothing before the road is known', () => {
    const road = [a!, c!, b!];
    expect([closureShape('road', [a!, b!], 3, null), closureShape('road', [a!, b!], 3, road)]).toEqual([null, { type: 'LineString', coordinates: road }]);
  });
  it('lie in an area of three corners or more', () => {
    expect([closureShape('area', [a!, b!], 3, null), closureShape('area', [a!, b!, c!], 3, null)]).toEqual([null, { type: 'Polygon', coordinates: [[a, b, c, a]] }]);
  });
  it('are shown before they are sent: each place, and the shape once it is one', () => {
    const sketch = (points: [number, number][]) => closureSketch('area', points, closureShape('area', points, 3, null));
    expect([sketch([a!, b!]), sketch([a!, b!, c!])].map(({ marks, areas }) => [marks.length, areas.length])).toEqual([[2, 0], [3, 1]]);
  });
});

describe('whose reach a wall draws', () => {
  const facility = (id: string, zone: string, capacity: number): WallFacility => ({ id, zone, capacity }) as WallFacility;
  it('is an authority by its id, else a facility', () => {
    expect([placeOf('weber', { weber: 'Weber' }), placeOf('f', { weber: 'Weber' })]).toEqual([{ zone: 'weber' }, { facility: 'f' }]);
  });
  it('goes from none through the largest of each authority to none', () => {
    const all = largestByZone([facility('small', 'weber', 4), facility('large', 'weber', 16), facility('b', 'davis', 8), facility('a', 'davis', 8)]);
    expect(all).toEqual(['a', 'large']);
    expect([null, 'a', 'large'].map((now) => nextPlace(now, all))).toEqual(['a', 'large', null]);
  });
  it('begins anew from a place that the keys do not know, and stays none where there is no facility', () => {
    expect([nextPlace('weber', ['a', 'large']), nextPlace(null, [])]).toEqual(['a', null]);
  });
});
