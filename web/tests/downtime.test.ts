import { describe, expect, it } from 'vitest';
import type { RequestDetail } from '../src/api/doors';
import { emptyDraft, toSend, writtenByHand } from '../src/board/draft';
import { timeline } from '../src/board/timeline';
import { momentsOf, wallTime } from '../src/live/walltime';

const UTAH = 'America/Denver';
const HOUR = 3_600_000;

describe('a time on the wall', () => {
  it('is the region’s, in winter as in summer, whatever zone the computer is in', () => {
    expect(momentsOf('2026-11-22T03:05', UTAH)).toEqual([Date.UTC(2026, 10, 22, 10, 5)]);
    expect(momentsOf('2026-07-01T23:59', UTAH)).toEqual([Date.UTC(2026, 6, 2, 5, 59)]);
    expect(momentsOf('2026-07-01T12:00', 'Asia/Kathmandu')).toEqual([Date.UTC(2026, 6, 1, 6, 15)]);
  });
  it('reads as it was typed, all through a year and across its two changes', () => {
    for (let ms = Date.UTC(2026, 0, 1); ms < Date.UTC(2027, 0, 1); ms += 3 * HOUR) expect(momentsOf(wallTime(ms, UTAH), UTAH)).toContain(ms);
  });
  it('never was in the hour that spring skips', () => {
    expect(momentsOf('2026-03-08T02:30', UTAH)).toEqual([]);
    expect(momentsOf('2026-03-08T01:59', UTAH)).toHaveLength(1);
    expect(momentsOf('2026-03-08T03:00', UTAH)).toHaveLength(1);
  });
  it('was twice in the hour that comes again in autumn, the summer one first', () => {
    expect(momentsOf('2026-11-01T01:30', UTAH)).toEqual([Date.UTC(2026, 10, 1, 7, 30), Date.UTC(2026, 10, 1, 8, 30)]);
    expect(momentsOf('2026-11-01T02:00', UTAH)).toHaveLength(1);
  });
  it('is midnight as 00:00, and nothing while it is half typed', () => {
    expect(wallTime(Date.UTC(2026, 10, 22, 7), UTAH)).toBe('2026-11-22T00:00');
    expect(momentsOf('', UTAH)).toEqual([]);
  });
});

describe('a call that was written on paper', () => {
  it('is sent with the time at which it came, and as written by hand', () => {
    const draft = writtenByHand(emptyDraft(() => 'id', 5));
    expect(toSend({ ...draft, body: { ...draft.body, at_ms: 3 } })).toMatchObject({ at_ms: 3, downtime: true, mine: true });
    expect(toSend(emptyDraft(() => 'id', 5)).downtime).toBeUndefined();
  });
});

describe('a timeline', () => {
  it('tells of a note and of a choice from paper when they were true, and when they were told', () => {
    const [then, later] = [HOUR, 3 * HOUR];
    const detail = {
      timeline: [
        { at_ms: 0, told_ms: later, by: 'ana', action: 'opened', reason: null },
        { at_ms: then, told_ms: later + 5, by: 'ana', action: 'overridden', reason: 'by hand' },
        { at_ms: then + 9, told_ms: later + 9, by: 'ana', action: 'noted', reason: null },
      ],
      notes: [{ id: 'n', at_ms: then + 9, author: 'ana', text: 'a word' }],
      choices: [{ at_ms: later + 5, by: 'ana', plan_version: null, recommended: null, chosen: {}, reason: 'by hand' }],
    } as unknown as RequestDetail;
    const told = timeline(detail, () => 'Team One');
    expect(told.map(({ atMs, toldMs }) => [atMs, toldMs])).toEqual([[then + 9, later + 9], [then, later + 5], [0, later]]);
  });
  it('says nothing of the telling where that was at once', () => {
    const detail = {
      timeline: [{ at_ms: 7, told_ms: 7, by: 'ana', action: 'accepted', reason: null }],
      notes: [],
      choices: [{ at_ms: 7, by: 'ana', plan_version: 1, recommended: null, chosen: {}, reason: null }],
    } as unknown as RequestDetail;
    expect(timeline(detail, () => 'Team One')).toEqual([{ atMs: 7, by: 'ana', text: expect.any(String) }]);
  });
});
