import type { Pool, Recommendation, RequestCard, Team, Van } from '../live/kinds';
import { freshness, minutes, type FreshnessLimits } from '../live/spans';
import { boundsOf, type Bounds, type LonLat } from '../map/geometry';
import { drawnAgeS, type Mark, type Route, type Scene, type Trail } from '../map/scene';
import { w } from '../words';
import { leavesSoon } from './shifts';
import type { Trails } from './trails';
import { unitTone } from './wall';

/** The map for one person: candidates, routes and arrival times; the rest faded. Pure. */

export interface PersonMap {
  scene: Scene;
  bounds: Bounds | null;
}

interface World {
  teams: readonly Team[];
  vans: readonly Van[];
  pools: readonly Pool[];
  limits: FreshnessLimits;
  nowMs: number;
  trails: Trails;
  /** The hour, as people say it. */
  timeOfDay: (ms: number) => string;
}

export function personMap(world: World, card: RequestCard | null, at: LonLat | null, plan: Recommendation | null, pick: LonLat | null): PersonMap {
  const chosen = { team: plan?.team ?? card?.team ?? null, van: plan?.van ?? card?.van ?? null, pool: plan?.pool ?? card?.pool ?? null };
  const candidates = new Set<string | null>([chosen.team, chosen.van, chosen.pool, plan?.backup?.pool ?? null]);
  for (const other of plan?.alternatives ?? []) [other.team, other.van, other.pool].forEach((id) => candidates.add(id));
  const focus = card !== null;
  const marks: Mark[] = [
    ...world.vans.map((van) => unitMark(world, van, 'van', focus, candidates.has(van.id), van.id === chosen.van)),
    ...world.teams.map((team) => unitMark(world, team, 'team', focus, candidates.has(team.id), team.id === chosen.team)),
    ...facilityMarks(world, candidates, focus, chosen.pool),
  ];
  if (card && at) marks.push({ id: card.id, shape: 'person', place: at, tone: card.tier, chosen: true });
  if (pick) marks.push({ id: 'pick', shape: 'pick', place: pick, tone: 'pick', text: '+', chosen: true });
  const trails = [...world.vans, ...world.teams].flatMap((unit) => trail(world, unit, focus && !candidates.has(unit.id)));
  return { scene: { marks, trails, routes: at ? routes(world, chosen, at, plan, card) : [] }, bounds: looking(marks, at, chosen.pool ? placeOf(world.pools, chosen.pool) : null) };
}

function trail(world: World, unit: Team | Van, faded: boolean): Trail[] {
  const places = world.trails.of(unit);
  return places.length ? [{ id: unit.id, places, tone: unitTone(unit.status), faded }] : [];
}

function unitMark(world: World, unit: Team | Van, shape: 'team' | 'van', focus: boolean, candidate: boolean, chosen: boolean): Mark {
  const { nowMs } = world;
  const leaving = leavesSoon(unit, nowMs);
  return {
    id: unit.id,
    shape,
    place: [unit.lon, unit.lat],
    tone: unitTone(unit.status),
    label: candidate ? (leaving ? `${unit.name}, ${w.shifts.off(world.timeOfDay(unit.shift_end_ms))}` : unit.name) : undefined,
    leaving,
    positionAgeS: drawnAgeS(Math.max(0, (nowMs - unit.position_ms) / 1_000), unit.status === 'available', candidate),
    faded: focus && !candidate,
    chosen,
  };
}

function facilityMarks(world: World, candidates: Set<string | null>, focus: boolean, chosen: string | null): Mark[] {
  const groups = new Map<string, Pool[]>();
  for (const pool of world.pools) groups.set(pool.facility, [...(groups.get(pool.facility) ?? []), pool]);
  return [...groups.values()].map((all) => {
    const wanted = all.filter((pool) => candidates.has(pool.id));
    const shown = focus && wanted.length ? wanted : all;
    const free = shown.reduce((sum, pool) => sum + (pool.paused || pool.deficit > 0 ? 0 : pool.free), 0);
    const oldest = Math.min(...shown.map((pool) => pool.confirmed_ms));
    return {
      id: shown[0]!.id,
      shape: 'facility' as const,
      place: [shown[0]!.lon, shown[0]!.lat] as LonLat,
      tone: free > 0 ? ('free' as const) : ('off' as const),
      text: String(free),
      fresh: freshness(world.nowMs - oldest, world.limits),
      faded: focus && wanted.length === 0,
      chosen: shown.some((pool) => pool.id === chosen),
    };
  });
}

function placeOf(pools: readonly Pool[], id: string): LonLat | null {
  const pool = pools.find((each) => each.id === id);
  return pool ? [pool.lon, pool.lat] : null;
}

function routes(world: World, chosen: { team: string | null; pool: string | null }, at: LonLat, plan: Recommendation | null, card: RequestCard | null): Route[] {
  const team = world.teams.find((each) => each.id === chosen.team);
  const pool = chosen.pool ? placeOf(world.pools, chosen.pool) : null;
  const teamS = plan?.team_eta_s ?? (card?.eta_ms ? (card.eta_ms - world.nowMs) / 1_000 : null);
  const arriveS = plan?.arrive_s ?? (card?.arrive_ms ? (card.arrive_ms - world.nowMs) / 1_000 : null);
  const reached = card !== null && ['on_scene', 'transporting', 'arrived'].includes(card.state);
  const found: Route[] = [];
  if (team && !reached) found.push({ id: 'team', places: [[team.lon, team.lat], at], tone: 'committed', label: teamS !== null && teamS > 0 ? `${minutes(teamS)} min` : undefined });
  if (pool) found.push({ id: 'pool', places: [at, pool], tone: 'free', dashed: true, label: arriveS !== null && arriveS > 0 ? `${minutes(arriveS)} min` : undefined });
  return found;
}

function looking(marks: readonly Mark[], at: LonLat | null, pool: LonLat | null): Bounds | null {
  if (!at) return null;
  const near = marks.filter((mark) => mark.chosen).map((mark) => mark.place);
  const [west, south, east, north] = boundsOf([at, ...near, ...(pool ? [pool] : [])])!;
  const round = (value: number, up: boolean): number => (up ? Math.ceil : Math.floor)(value * 20) / 20;
  return [round(west - 0.04, false), round(south - 0.04, false), round(east + 0.04, true), round(north + 0.04, true)];
}
