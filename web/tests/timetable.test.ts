import { expect, test } from 'vitest';
import { dueStop, gone, isAtHome, ridersAhead, ridesAhead, stopsOf, takenAway } from '../src/field/timetable';
import type { RideCard } from '../src/live/kinds';

const ride = (id: string, changes: Partial<RideCard>): RideCard => ({ id, state: 'planned', pick_up_ms: null, drop_off_ms: null, ...changes }) as RideCard;

test('the stops of all rides are in the order of their times', () => {
  const rides = [ride('b', { pick_up_ms: 20, drop_off_ms: 30 }), ride('a', { pick_up_ms: 10, drop_off_ms: 40 })];
  expect(stopsOf(rides).map(({ ride: { id }, deed }) => `${id} ${deed}`)).toEqual(['a pick_up', 'b pick_up', 'b drop_off', 'a drop_off']);
});

test('who is aboard is only dropped off, and who is not planned has no stop', () => {
  const rides = [ride('a', { state: 'aboard', pick_up_ms: 10, drop_off_ms: 40 }), ride('b', { state: 'asked' })];
  expect(stopsOf(rides).map(({ ride: { id }, deed }) => `${id} ${deed}`)).toEqual(['a drop_off']);
});

const step = (id: string, name: string) => ({ path: `/v1/rides/${id}/steps`, body: { step: name } });

test('in a dead spot the ride goes on: picked up, the way to the drop-off is shown, and then nothing', () => {
  const rides = [ride('a', { pick_up_ms: 10, drop_off_ms: 40 }), ride('b', { pick_up_ms: 50, drop_off_ms: 60 })];
  const shown = (...waiting: ReturnType<typeof step>[]) => stopsOf(ridesAhead(rides, waiting)).map(({ ride: { id }, deed }) => `${id} ${deed}`);
  expect(shown(step('a', 'picked_up'))).toEqual(['a drop_off', 'b pick_up', 'b drop_off']);
  expect(shown(step('a', 'picked_up'), step('a', 'dropped_off'))).toEqual(['b pick_up', 'b drop_off']);
  expect(shown(step('a', 'no_show'))).toEqual(['b pick_up', 'b drop_off']);
});

test('the first stop is due half an hour before the window that was told, or with somebody aboard', () => {
  const minutes = (count: number): number => count * 60_000;
  const planned = [ride('a', { pick_up_ms: minutes(100), drop_off_ms: minutes(120), told_from_ms: minutes(95) })];
  expect(dueStop(stopsOf(planned), minutes(64))).toBeUndefined();
  expect(dueStop(stopsOf(planned), minutes(65))?.deed).toBe('pick_up');
  expect(dueStop(stopsOf([{ ...planned[0]!, state: 'aboard' }]), 0)?.deed).toBe('drop_off');
  expect(dueStop([], 0)).toBeUndefined();
});

test('a person is at home when fetched for the ride there and when brought by the ride home', () => {
  const ends = (leg: 'to' | 'home') => stopsOf([ride('a', { leg, pick_up_ms: 1, drop_off_ms: 2 })]).map(isAtHome);
  expect([ends('to'), ends('home')]).toEqual([[true, false], [false, true]]);
});

test('whoever is aboard can be dropped off, though another pick-up is planned before and far off', () => {
  const aboard = ride('a', { state: 'aboard', pick_up_ms: 1, drop_off_ms: 86_400_001 });
  const far = ride('b', { pick_up_ms: 86_400_000, drop_off_ms: 86_400_002 });
  expect(dueStop(stopsOf([far, aboard]), 10)).toMatchObject({ ride: { id: 'a' }, deed: 'drop_off' });
  expect(dueStop(stopsOf([far, aboard]), 86_400_000)).toMatchObject({ ride: { id: 'b' }, deed: 'pick_up' });
});

test('a ride that left the van is told when it was near and did not end as it should', () => {
  const had = ['here', 'moved', 'off', 'absent', 'missed', 'back'].map((id) => ride(id, { told_from_ms: 10 }));
  const tomorrow = ride('tomorrow', { told_from_ms: 86_400_000 });
  const missing = gone([...had, tomorrow, tomorrow], had.slice(0, 1));
  expect(missing.map(({ id }) => id)).toEqual(['moved', 'off', 'absent', 'missed', 'back', 'tomorrow']);
  const own = [ride('off', { state: 'cancelled' }), ride('absent', { state: 'no_show' }), ride('missed', { state: 'missed' }), ride('back', {})];
  expect(takenAway(missing, own, 10).map(({ id }) => id)).toEqual(['moved', 'off']);
});

test('whoever was aboard was not taken away, whoever says the drop-off', () => {
  const rides = [ride('a', { state: 'aboard', told_from_ms: 10 }), ride('b', { told_from_ms: 10 })];
  expect(gone(ridesAhead(rides, [step('b', 'picked_up')]), [])).toEqual([]);
});

test('of who rides, only those are kept whose ride is still ahead', () => {
  const rides = [ride('a', { state: 'aboard' }), ride('b', {})];
  expect(ridersAhead({ a: 'Ann', b: 'Bob', c: 'Cy' }, ridesAhead(rides, [step('a', 'dropped_off')]))).toEqual({ b: 'Bob' });
});
