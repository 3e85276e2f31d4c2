import { expect, test } from 'vitest';
import { askable, inOrder, isOverdue, isStillAboard, isWithoutVan, legsOf } from '../src/board/rides';
import type { RideCard, Slot } from '../src/live/kinds';

const ride = (id: string, changes: Partial<RideCard>): RideCard =>
  ({ id, state: 'planned', leg: 'to', van: 'v', lacking: [], pick_up_ms: null, drop_off_ms: null, told_until_ms: null, starts_ms: 0, ended_ms: null, ...changes }) as RideCard;
const ids = (rides: RideCard[]): string[] => rides.map(({ id }) => id);

test('who has no van and who was not picked up come first, then the next stop', () => {
  const rides = [
    ride('late', { pick_up_ms: 900 }),
    ride('aboard', { state: 'aboard', pick_up_ms: 10, drop_off_ms: 700, starts_ms: 800 }),
    ride('left', { state: 'asked', van: null, starts_ms: 950, lacking: [{ why: 'far', vans: 3 }] }),
    ride('waits', { pick_up_ms: 400, told_until_ms: 499 }),
  ];
  expect(ids(inOrder(rides, 500))).toEqual(['waits', 'left', 'aboard', 'late']);
});

test('a ride whose day is far off, or that is being planned, is no trouble', () => {
  expect(isWithoutVan(ride('a', { state: 'asked', lacking: [{ why: 'later', vans: 0 }] }))).toBe(false);
  expect(isWithoutVan(ride('a', { state: 'asked' }))).toBe(false);
  expect(isOverdue(ride('a', { state: 'aboard', told_until_ms: 1 }), 2)).toBe(false);
});

test('who is aboard past the appointment, or for hours on the way home, may have been forgotten', () => {
  const hour = 3_600_000;
  expect([9, 11].map((at) => isStillAboard(ride('a', { state: 'aboard', starts_ms: 10, boarded_ms: 1 }), at))).toEqual([false, true]);
  expect([3, 4].map((hours) => isStillAboard(ride('a', { state: 'aboard', leg: 'home', boarded_ms: 0 }), hours * hour))).toEqual([false, true]);
});

test('of each leg the open ride is shown, or else how the last one ended', () => {
  const rides = [
    ride('home', { leg: 'home' }),
    ride('first', { state: 'cancelled', ended_ms: 1 }),
    ride('second', { state: 'no_show', ended_ms: 2 }),
  ];
  expect(ids(legsOf(rides))).toEqual(['second', 'home']);
  expect(ids(legsOf([...rides, ride('open', {})]))).toEqual(['open', 'home']);
});

test('a ride there is asked for until the appointment begins, one home until it ends, once each', () => {
  const slot = { mode: 'in_person', starts_ms: 1_000, duration_s: 1 } as Slot;
  const may = (state: string, nowMs: number, ...rides: RideCard[]) => askable(slot, state, rides, nowMs);
  expect(may('accepted', 999)).toEqual({ to: true, home: true });
  expect(may('accepted', 1_000)).toEqual({ to: false, home: true });
  expect(may('accepted', 2_000)).toEqual({ to: false, home: false });
  expect(may('completed', 1_500)).toEqual({ to: false, home: true });
  expect(may('cancelled', 999)).toEqual({ to: false, home: false });
  expect(may('accepted', 0, ride('a', {}), ride('b', { leg: 'home', ended_ms: 1 }))).toEqual({ to: false, home: true });
  expect(askable({ ...slot, mode: 'telehealth' }, 'accepted', [], 0)).toEqual({ to: false, home: false });
});
