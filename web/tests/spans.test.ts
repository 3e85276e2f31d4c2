import { describe, expect, it } from 'vitest';
import { ageText, clockFace, dayAndTime, freshness, minutes, timeOfDay, todayOrDay, zoneName } from '../src/live/spans';

describe('the face of a clock', () => {
  it.each([
    [0, '0:00'],
    [-65_000, '1:05'],
    [59_999, '0:59'],
    [3_599_000, '59:59'],
    [3_600_000, '1 h 00'],
    [7_500_000, '2 h 05'],
  ])('shows %i ms as %s', (ms, face) => expect(clockFace(ms)).toBe(face));
});

describe('an age', () => {
  it.each([
    [4_999, 'now'],
    [40_000, '40 s'],
    [60_000, '1 min'],
    [119 * 60_000, '119 min'],
    [3 * 3_600_000, '3 h'],
    [50 * 3_600_000, '2 d'],
  ])('of %i ms reads %s', (ms, text) => expect(ageText(ms)).toBe(text));

  it('is fresh, ageing, stale or without response by the limits of its source', () => {
    const limits = { fresh_s: 10, ageing_s: 20, stale_s: 30 };
    expect([10, 11, 20, 21, 30, 31].map((s) => freshness(s * 1_000, limits))).toEqual(['fresh', 'ageing', 'ageing', 'stale', 'stale', 'no_response']);
  });
});

describe('times of the region', () => {
  const winter = Date.UTC(2026, 10, 22, 10, 5, 9);
  it('are local, with the name of the zone', () => {
    expect(timeOfDay(winter, 'America/Denver')).toBe('03:05');
    expect(timeOfDay(winter, 'America/Denver', true)).toBe('03:05:09');
    expect(zoneName(winter, 'America/Denver')).toBe('MST');
    expect(dayAndTime(winter, 'America/Denver')).toBe('Sun 22 Nov 03:05');
  });
  it('name the day unless it is today there', () => {
    const hour = 3_600_000;
    expect(todayOrDay(winter, winter - 3 * hour, 'America/Denver')).toBe('03:05');
    expect(todayOrDay(winter, winter - 4 * hour, 'America/Denver')).toBe('Sun 22 Nov 03:05');
  });
  it('are given in whole minutes, never zero', () => expect([minutes(10), minutes(95)]).toEqual([1, 2]));
});
