import { describe, expect, it } from 'vitest';
import { DETAIL, HAZARDS, noneAsked, ranked, warns } from '../src/board/hazards';
import { navigation } from '../src/field/navigate';
import { safety } from '../src/field/safety';
import { onTheWay } from '../src/field/roads';
import { ahead, nextOf, type Kept, type Task } from '../src/field/task';
import { kept, worth, type Point } from '../src/field/track';
import type { Panic, RequestCard, RoadClosure } from '../src/live/kinds';

const task = (change: Partial<Task> = {}): Task =>
  ({ id: 'r', version: 3, state: 'accepted', team: 't', van: null, crew_answer: 'asked', place_claimed: false, check_in_from_ms: null, check_in_due_ms: null, ...change }) as Task;
const said = (door: string, body: Record<string, unknown>): Kept => ({ path: `/v1/requests/r/${door}`, body });

describe('a task in a dead spot', () => {
  it('is where the crew has left it, not where the server last heard of it', () => {
    const queue = [said('crew-answer', { answer: 'acknowledged' }), said('steps', { step: 'en_route' }), said('steps', { step: 'on_scene' })];
    expect(queue.map((_, index) => ahead(task(), 'dispatched', queue.slice(0, index + 1)).state)).toEqual(['acknowledged', 'en_route', 'on_scene']);
    expect(ahead(task(), 'dispatched', queue).asked).toBe(false);
  });
  it('is over when it was declined or resolved, and another task is not touched', () => {
    expect(ahead(task(), 'dispatched', [said('crew-answer', { answer: 'declined' })]).over).toBe(true);
    expect(ahead(task(), 'on_scene', [said('resolve', { outcome: 'resolved_on_scene' })]).over).toBe(true);
    expect(ahead(task(), 'dispatched', [{ path: '/v1/requests/other/steps', body: { step: 'arrived' } }]).state).toBe('accepted');
  });
  it('moves the check-in on by the word that waits', () => {
    const there = task({ state: 'on_scene', crew_answer: 'acknowledged', check_in_from_ms: 1_000, check_in_due_ms: 61_000 });
    const shown = ahead(there, 'on_scene', [said('all-well', { at_ms: 31_000 })]);
    expect([shown.wellMs, shown.dueMs]).toEqual([31_000, 91_000]);
    expect(ahead(there, 'on_scene', [said('steps', { step: 'transporting' })]).dueMs).toBeNull();
  });
  it('shows the status that waits, and why', () => {
    const waits = (status: string, reason?: string): Kept => ({ path: '/v1/teams/t/status', body: { status, reason } });
    expect(ahead(undefined, 'clearing', [waits('available')]).status).toBe('available');
    expect(ahead(undefined, 'available', [waits('out_of_service', 'meal')])).toMatchObject({ status: 'out_of_service', outReason: 'meal' });
    expect(ahead(undefined, 'out_of_service', [waits('available')], 'meal').outReason).toBeNull();
  });
});

describe('roads on the way', () => {
  const closure = (lon: number, lat: number, hours = 1): RoadClosure => ({ id: `${lon} ${lat}`, area: { type: 'LineString', coordinates: [[lon, lat], [lon + 0.01, lat]] }, slowdown: null, reason: 'flood', from_ms: 0, until_ms: hours * 3_600_000 }) as unknown as RoadClosure;
  const ogdenToSaltLake = [[-111.97, 41.22], [-111.89, 40.76]] as const;
  it('are told where they lie between unit and person, and nowhere else', () => {
    const [between, far] = [closure(-111.95, 41), closure(-109.5, 38.5)];
    expect(onTheWay([between, far], ogdenToSaltLake, 1_000)).toEqual([between]);
  });
  it('are told while they are closed, and to whoever has a way', () => {
    expect(onTheWay([closure(-111.95, 41)], ogdenToSaltLake, 3_600_000)).toEqual([]);
    expect(onTheWay([closure(-111.95, 41)], [], 1_000)).toEqual([]);
  });
});

describe('the one next step', () => {
  const next = (change: Partial<Task>, status = 'dispatched', driver = false) => nextOf(task(change), ahead(task(change), status, []), driver);
  it('leads from the answer to the hand-over', () => {
    expect(next({})).toEqual({ kind: 'answer' });
    const crew_answer = 'acknowledged';
    expect(next({ crew_answer, state: 'acknowledged' })).toEqual({ kind: 'step', step: 'en_route' });
    expect(next({ crew_answer, state: 'on_scene' })).toEqual({ kind: 'visit' });
    expect(next({ crew_answer, state: 'on_scene', place_claimed: true })).toEqual({ kind: 'step', step: 'transporting' });
    expect(next({ crew_answer, state: 'arrived' })).toEqual({ kind: 'step', step: 'handed_over' });
  });
  it('is the driver’s own way until the person rides', () => {
    expect(next({ van: 'v' }, 'dispatched', true)).toEqual({ kind: 'status', status: 'en_route' });
    expect(next({ van: 'v', state: 'on_scene' }, 'en_route', true)).toEqual({ kind: 'status', status: 'on_scene' });
    expect(next({ van: 'v', state: 'en_route' }, 'on_scene', true)).toEqual({ kind: 'wait' });
    expect(next({ van: 'v', state: 'on_scene' }, 'on_scene', true)).toEqual({ kind: 'step', step: 'transporting' });
    expect(next({ van: 'v', state: 'transporting' }, 'transporting', true)).toEqual({ kind: 'step', step: 'arrived' });
    expect(next({ team: null, van: 'v' }, 'dispatched', true)).toEqual({ kind: 'answer' });
  });
  it('after the task is to be free again', () => {
    expect(nextOf(undefined, ahead(undefined, 'clearing', []), false)).toEqual({ kind: 'status', status: 'available' });
    expect(nextOf(undefined, ahead(undefined, 'available', []), false)).toBeNull();
    expect(nextOf(undefined, ahead(undefined, 'out_of_service', []), true, true), 'a rider is dropped off first').toBeNull();
  });
});

describe('hazards', () => {
  it('are shown worst first, and what was not asked is never a no', () => {
    const known = ranked({ ...noneAsked(), dogs: 'yes', weapons: 'no' }, (name) => (name === 'premises' ? 'ice on the steps' : null));
    expect(known.map(({ name }) => name)).toEqual(['dogs', 'premises', 'violence', 'infection', 'weapons']);
    expect(known.filter(warns).map(({ name }) => name)).toEqual(['dogs', 'premises']);
    expect(known.find(({ name }) => name === 'violence')?.value).toBe('unknown');
    expect(Object.keys(DETAIL)).toEqual([...HAZARDS]);
  });
});

describe('navigation', () => {
  it('opens what the phone has, with coordinates and nothing else', () => {
    const links = ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_0)', 'Mozilla/5.0 (Linux; Android 14)', 'Mozilla/5.0 (X11; Linux x86_64)'].map((agent) => navigation(agent, 40.76078, -111.89105));
    expect(links.map((link) => new URL(link).protocol)).toEqual(['https:', 'geo:', 'https:']);
    for (const link of links) expect(link).toContain('40.76078');
  });
});

describe('a track', () => {
  const point = (change: Partial<Point> = {}): Point => ({ lon: -111.9, lat: 40.7, at_ms: 0, accuracy_m: 10, ...change });
  it('keeps what moved, one a minute at rest, and nothing coarse', () => {
    expect(worth(null, point())).toBe(true);
    expect(worth(null, point({ accuracy_m: 900 }))).toBe(false);
    expect(worth(point(), point({ at_ms: 2_000, lat: 40.71 }))).toBe(false);
    expect(worth(point(), point({ at_ms: 6_000, lat: 40.71 }))).toBe(true);
    expect(worth(point(), point({ at_ms: 30_000 }))).toBe(false);
    expect(worth(point(), point({ at_ms: 60_000 }))).toBe(true);
  });
  it('gives up the oldest points after a long dead spot', () => {
    let waiting: Point[] = [];
    for (let at_ms = 0; at_ms < 700; at_ms++) waiting = kept(waiting, point({ at_ms }));
    expect([waiting.length, waiting.at(-1)!.at_ms]).toEqual([500, 699]);
  });
});

describe('the crews that the desk must look to', () => {
  const panic = (change: Partial<Panic> = {}): Panic =>
    ({ id: 'p', version: 1, kind: 'team', unit: 't', request: null, pressed_ms: 1, told_ms: 2, answer_due_ms: 3, overdue: false, acknowledged_by: null, acknowledged_ms: null, ended_ms: null, ...change });
  const silent = (change: Partial<RequestCard> = {}): RequestCard => ({ id: 'r', team: 't', van: null, overdue: ['check_in'], check_in_taken_by: null, owner: 'ana', ...change }) as RequestCard;
  it('sounds for a call for help until somebody has it', () => {
    expect(safety([panic()], [], 'supervisor', 'sue').map(({ loud }) => loud)).toEqual([true]);
    expect(safety([panic({ acknowledged_by: 'Dana' })], [], 'dispatcher', 'bob').map(({ loud }) => loud)).toEqual([false]);
  });
  it('sounds for the owner of silence first, and for the supervisor too when nobody took it on', () => {
    expect(safety([], [silent()], 'dispatcher', 'ana').map(({ loud }) => loud)).toEqual([true]);
    expect(safety([], [silent()], 'dispatcher', 'bob').map(({ loud }) => loud)).toEqual([false]);
    expect(safety([], [silent({ owner: null })], 'dispatcher', 'bob').map(({ loud }) => loud)).toEqual([true]);
    expect(safety([], [silent()], 'supervisor', 'sue')).toEqual([]);
    const late = silent({ overdue: ['check_in', 'check_in_supervisor'] });
    expect(safety([], [late], 'supervisor', 'sue').map(({ loud }) => loud)).toEqual([true]);
    expect(safety([], [{ ...late, check_in_taken_by: 'Dana' }], 'supervisor', 'sue').map(({ loud }) => loud)).toEqual([false]);
  });
  it('puts a call for help before silence', () => {
    expect(safety([panic()], [silent()], 'dispatcher', 'bob').map(({ id }) => id)).toEqual(['p', 'check-in r']);
  });
});
