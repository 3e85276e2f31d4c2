import { expect, test } from 'vitest';
import { stopsOf } from '../src/field/timetable';
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
