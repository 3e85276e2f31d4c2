import type { ReachPlace } from '../api/doors';
import type { SmallCount, Tier, WallFacility, WallUnit, WallZone } from '../live/kinds';
import { clockFace, freshness, type FreshnessLimits } from '../live/spans';
import type { Bounds } from '../map/geometry';
import { drawnAgeS, type Mark, type Scene, type Tone, type Trail } from '../map/scene';
import type { Trails } from './trails';

/** What the wall draws and counts, from its obscured objects. Pure. */

export const TIERS: readonly Tier[] = ['imminent', 'high', 'moderate', 'routine'];
export const GLYPH: Record<Tier, string> = { imminent: '▲', high: '◆', moderate: '■', routine: '○' };

const FREE = new Set(['available', 'free']);
const OFF = new Set(['out_of_service', 'unavailable']);

export function unitTone(status: string): Tone {
  if (FREE.has(status)) return 'free';
  return OFF.has(status) ? 'off' : 'committed';
}

/** A sum of counts, some of which may be hidden as `<3`. */
export function total(counts: readonly SmallCount[]): string {
  const known = counts.filter((count): count is number => typeof count === 'number').reduce((a, b) => a + b, 0);
  const hidden = counts.filter((count) => count === '<3').length;
  if (hidden === 0) return String(known);
  return known === 0 && hidden === 1 ? '<3' : `${known + hidden}+`;
}

export function zoneWaiting(zone: WallZone): string {
  return total(Object.values(zone.waiting));
}

export function topTier(zone: WallZone): Tier | null {
  return TIERS.find((tier) => zone.waiting[tier] !== undefined && zone.waiting[tier] !== 0) ?? null;
}

export function waitingByTier(zones: readonly WallZone[]): { tier: Tier; count: string }[] {
  return TIERS.map((tier) => ({ tier, count: total(zones.map((zone) => zone.waiting[tier] ?? 0)) }));
}

export function wallMarks(
  zones: readonly WallZone[],
  teams: readonly WallUnit[],
  vans: readonly WallUnit[],
  facilities: readonly WallFacility[],
  limits: FreshnessLimits,
  nowMs: number,
): Mark[] {
  return [
    ...vans.map((van) => unitMark(van, 'van', nowMs)),
    ...teams.map((team) => unitMark(team, 'team', nowMs)),
    ...facilities.map((facility) => facilityMark(facility, limits, nowMs)),
    ...zones.flatMap((zone) => zoneMark(zone, nowMs)),
  ];
}

/** The ways of units that are drawn where they are; of an obscured one nothing is remembered. */
export function wallTrails(units: readonly WallUnit[], trails: Trails): Trail[] {
  return units.flatMap((unit) => {
    const places = unit.obscured ? [] : trails.of(unit);
    return places.length ? [{ id: unit.id, places, tone: unitTone(unit.status) }] : [];
  });
}

/** The whole region beside a closer look: what the closer map draws is framed here, only the waiting stay. */
export function besideCloser({ marks, areas }: Scene, closer: Bounds | null): Scene {
  if (!closer) return { marks: [...marks], areas, routes: [] };
  const [west, south, east, north] = closer;
  const inside = ([lon, lat]: Mark['place']): boolean => lon > west && lon < east && lat > south && lat < north;
  return {
    areas,
    marks: marks.filter((mark) => mark.shape === 'waiting' || !inside(mark.place)),
    routes: [{ id: 'closer', tone: 'off', dashed: true, places: [[west, south], [west, north], [east, north], [east, south], [west, south]] }],
  };
}

function unitMark(unit: WallUnit, shape: 'team' | 'van', nowMs: number): Mark {
  return {
    id: unit.id,
    shape,
    place: [unit.lon, unit.lat],
    tone: unitTone(unit.status),
    positionAgeS: unit.position_ms === null ? undefined : drawnAgeS(Math.max(0, (nowMs - unit.position_ms) / 1_000), unit.status === 'available'),
  };
}

function facilityMark(facility: WallFacility, limits: FreshnessLimits, nowMs: number): Mark {
  const closed = facility.paused || facility.overcommitted || facility.free === 0;
  return {
    id: facility.id,
    shape: 'facility',
    place: [facility.lon, facility.lat],
    tone: closed ? 'off' : 'free',
    text: facility.paused ? 'II' : String(facility.free),
    fresh: freshness(nowMs - facility.confirmed_ms, limits),
  };
}

function zoneMark(zone: WallZone, nowMs: number): Mark[] {
  const tier = topTier(zone);
  if (!tier) return [];
  const clock = zone.oldest_ms === null ? '' : ` ${clockFace(nowMs - zone.oldest_ms)}`;
  return [
    {
      id: zone.id,
      shape: 'waiting',
      place: [zone.lon, zone.lat],
      tone: tier,
      text: `${GLYPH[tier]} ${zoneWaiting(zone)}${clock}`,
    },
  ];
}

export interface BedCount {
  free: number;
  ageing: number;
  stale: number;
}

/** Free beds by the freshness of their facility's word; paused and overcommitted places give none. */
export function bedCount(facilities: readonly WallFacility[], limits: FreshnessLimits, nowMs: number): BedCount {
  const count: BedCount = { free: 0, ageing: 0, stale: 0 };
  for (const facility of facilities) {
    if (facility.paused || facility.overcommitted) continue;
    const fresh = freshness(nowMs - facility.confirmed_ms, limits);
    if (fresh === 'fresh') count.free += facility.free;
    else if (fresh === 'ageing') count.ageing += facility.free;
    else count.stale += facility.free;
  }
  return count;
}

/** Whose reach is asked: an authority by its id, else a facility. */
export const placeOf = (id: string, zones: Readonly<Record<string, string>>): ReachPlace => (id in zones ? { zone: id } : { facility: id });

/** The largest facility of each authority, in the authorities' order. */
export function largestByZone(facilities: readonly WallFacility[]): string[] {
  const largest = new Map<string, WallFacility>();
  for (const each of facilities) {
    const known = largest.get(each.zone);
    if (!known || each.capacity > known.capacity || (each.capacity === known.capacity && each.id < known.id)) largest.set(each.zone, each);
  }
  return [...largest].sort(([a], [b]) => a.localeCompare(b)).map(([, { id }]) => id);
}

/** None, then one after the other, then none again; from a place outside the list to its first. */
export const nextPlace = (now: string | null, places: readonly string[]): string | null => places[now === null ? 0 : places.indexOf(now) + 1] ?? null;
