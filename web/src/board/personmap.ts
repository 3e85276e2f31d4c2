import type { Pool, Recommendation, RequestCard, Team, Van } from '../live/kinds';
import { freshness, minutes, type FreshnessLimits } from '../live/spans';
import { boundsOf, type Bounds, type LonLat } from '../map/geometry';
import type { MovingWay } from '../api/doors';
import { rest } from '../map/ways';
import { drawnAgeS, type Area, type Mark, type Route, type Scene, type Trail } from '../map/scene';
import { w } from '../words';
import { leavesSoon } from './shifts';
import type { Trails } from './trails';
import type { Leg } from './ways.svelte';
import { unitTone } from './wall';

/** The map for one person: candidates, routes and arrival times; the rest faded. Pure. */

export interface PersonMap {
  scene: Scene;
  bounds: Bounds | null;
  /** The ways to ask for, so that the next drawing follows the roads. */
  legs: Leg[];
}

type Chosen = { team: string | null; van: string | null; pool: string | null };

interface World {
  teams: readonly Team[];
  vans: readonly Van[];
  pools: readonly Pool[];
  limits: FreshnessLimits;
  nowMs: number;
  trails: Trails;
  /** The way of a leg by road, once it is known. */
  way: (key: string) => LonLat[] | null;
  moving: readonly MovingWay[];
  areas: readonly Area[];
  /** The hour, as people say it. */
  timeOfDay: (ms: number) => string;
}

export function personMap(world: World, card: RequestCard | null, at: LonLat | null, plan: Recommendation | null, pick: LonLat | null): PersonMap {
  const chosen: Chosen = { team: plan?.team ?? card?.team ?? null, van: plan?.van ?? card?.van ?? null, pool: plan?.pool ?? card?.pool ?? null };
  const candidates = new Set<string | null>([chosen.team, chosen.van, chosen.pool, plan?.backup?.pool ?? null]);
  for (const other of plan?.alternatives ?? []) [other.team, other.van, other.pool].forEach((id) => candidates.add(id));
  const focus = card !== null;
  const marks: Mark[] = [
    ...world.vans.map((van) => unitMark(world, van, 'van', focus, candidates.has(van.id), van.id === chosen.van)),
    ...world.teams.map((team) => unitMark(world, team, 'team', focus, candidates.has(team.id), team.id === chosen.team, etaS(plan, team.id))),
    ...facilityMarks(world, candidates, focus, chosen.pool),
  ];
  if (card && at) marks.push({ id: card.id, shape: 'person', place: at, tone: card.tier, chosen: true });
  if (pick) marks.push({ id: 'pick', shape: 'pick', place: pick, tone: 'pick', text: '+', chosen: true });
  const trails = [...world.vans, ...world.teams].flatMap((unit) => trail(world, unit, focus && !candidates.has(unit.id)));
  const drawn = card && at ? legs(world, chosen, at, plan, card) : [];
  return { legs: drawn, scene: { marks, trails, areas: [...world.areas], routes: routes(world, drawn, card) }, bounds: looking(marks, at, chosen.pool ? placeOf(world.pools, chosen.pool) : null) };
}

function trail(world: World, unit: Team | Van, faded: boolean): Trail[] {
  const places = world.trails.of(unit);
  return places.length ? [{ id: unit.id, places, tone: unitTone(unit.status), faded }] : [];
}

/** When an alternative team would be there. */
const etaS = (plan: Recommendation | null, team: string): number | null => plan?.alternatives.find((each) => each.team === team)?.team_eta_s ?? null;

/** A position that may be this far off says so, beside the unit. */
const TELL_FROM_M = 50;
const coarse = ({ accuracy_m }: Team | Van): string | false => accuracy_m != null && accuracy_m >= TELL_FROM_M && w.field.position.accuracy(accuracy_m);

function unitMark(world: World, unit: Team | Van, shape: 'team' | 'van', focus: boolean, candidate: boolean, chosen: boolean, inS: number | null = null): Mark {
  const { nowMs } = world;
  const leaving = leavesSoon(unit, nowMs);
  return {
    id: unit.id,
    shape,
    place: [unit.lon, unit.lat],
    tone: unitTone(unit.status),
    label: candidate ? [unit.name, inS !== null && !chosen && w.reach.min(minutes(inS)), coarse(unit), leaving && w.shifts.off(world.timeOfDay(unit.shift_end_ms))].filter(Boolean).join(', ') : undefined,
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

/** A way that matters for this person, and how it is drawn. */
interface Drawn extends Leg {
  tone: Route['tone'];
  dashed?: boolean;
  faded?: boolean;
  seconds?: number | null;
}

function legs(world: World, chosen: Chosen, at: LonLat, plan: Recommendation | null, card: RequestCard): Drawn[] {
  const team = world.teams.find((each) => each.id === chosen.team);
  const van = world.vans.find((each) => each.id === chosen.van);
  const pool = chosen.pool ? placeOf(world.pools, chosen.pool) : null;
  const left = (ms: number | null): number | null => (ms === null ? null : (ms - world.nowMs) / 1_000);
  const reached = ['on_scene', 'transporting', 'arrived'].includes(card.state);
  const driving = card.state === 'transporting' ? (van ?? team) : undefined;
  const to = (kind: string, unit: Team | Van, more: Partial<Drawn>): Drawn => ({ key: `${kind} ${unit.id} ${card.id}`, start: place(unit), end: at, tone: 'committed', ...more });
  const found: Drawn[] = [];
  if (team && !reached) found.push(to('team', team, { seconds: plan?.team_eta_s ?? left(card.eta_ms) }));
  if (van && !reached) found.push(to('van', van, { dashed: true, seconds: plan?.pick_s }));
  if (pool) found.push({ key: `pool ${chosen.pool} ${card.id}`, start: driving ? place(driving) : at, end: pool, tone: 'free', dashed: !driving, seconds: plan?.arrive_s ?? left(card.arrive_ms) });
  for (const id of others(plan)) {
    const other = world.teams.find((each) => each.id === id);
    if (other && other.id !== chosen.team) found.push(to('team', other, { faded: true }));
  }
  return found;
}

/** The teams that could go instead, a few of them. */
const others = (plan: Recommendation | null): string[] => [...new Set((plan?.alternatives ?? []).flatMap(({ team }) => (team ? [team] : [])))].slice(0, 4);

const place = (unit: Team | Van): LonLat => [unit.lon, unit.lat];

function routes(world: World, drawn: readonly Drawn[], card: RequestCard | null): Route[] {
  const own = drawn.map((leg): Route => ({
    id: leg.key,
    places: along(world.way(leg.key), leg.start, leg.end),
    tone: leg.tone,
    dashed: leg.dashed,
    faded: leg.faded,
    label: leg.seconds != null && leg.seconds > 0 ? `${minutes(leg.seconds)} min` : undefined,
  }));
  return [...underWay(world, card), ...own];
}

/** Everybody else who is under way: with arrival times while nobody is chosen, faded behind one who is. */
function underWay(world: World, card: RequestCard | null): Route[] {
  return world.moving.flatMap((way) => {
    const unit = (way.kind === 'team' ? world.teams : world.vans).find(({ id }) => id === way.unit);
    if (!unit || way.request === card?.id || way.line.length < 2) return [];
    const left = rest(way.line, place(unit));
    return [{ id: `under way ${way.unit}`, places: left, tone: way.to === 'person' ? 'committed' : 'free', faded: card !== null, label: `${minutes(way.seconds)} min` } as Route];
  });
}

const along = (line: LonLat[] | null, start: LonLat, end: LonLat): LonLat[] => (line && line.length > 1 ? rest(line, start) : [start, end]);

function looking(marks: readonly Mark[], at: LonLat | null, pool: LonLat | null): Bounds | null {
  if (!at) return null;
  const near = marks.filter((mark) => mark.chosen).map((mark) => mark.place);
  const [west, south, east, north] = boundsOf([at, ...near, ...(pool ? [pool] : [])])!;
  const round = (value: number, up: boolean): number => (up ? Math.ceil : Math.floor)(value * 20) / 20;
  return [round(west - 0.04, false), round(south - 0.04, false), round(east + 0.04, true), round(north + 0.04, true)];
}
