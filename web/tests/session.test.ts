import { describe, expect, it } from 'vitest';
import type { Change, ServerFrame } from '../src/live/frames';
import { LiveSession, retryDelayMs } from '../src/live/session';

const snapshot = (seq: number, state: Record<string, Record<string, unknown>> = {}, epoch = 1): ServerFrame => ({ type: 'snapshot', topic: 'board', epoch, seq, server_ms: 1_000, state });
const delta = (prev: number, seq: number, changes: Change[] = [], epoch = 1): ServerFrame => ({ type: 'delta', topic: 'board', epoch, seq, prev, server_ms: 2_000, changes, lines: [] });
const tick: ServerFrame = { type: 'tick', server_ms: 3_000, feed_ms: 2_900 };

function live(seq = 5, state: Record<string, Record<string, unknown>> = { team: { a: { n: 1 } } }): LiveSession {
  const session = new LiveSession('board');
  session.hello();
  session.receive(snapshot(seq, state));
  return session;
}

describe('a live session', () => {
  it('greets without a position at first, and with its last one after a loss', () => {
    const session = new LiveSession('board');
    expect(session.hello()).toEqual({ type: 'hello', v: 1, topics: ['board'], last: {} });
    session.receive(snapshot(7));
    expect(session.hello()).toMatchObject({ last: { board: [1, 7] } });
  });

  it('is live after a snapshot, which replaces everything that was there', () => {
    const session = live();
    const outcome = session.receive(snapshot(9, { van: { v: {} } }));
    expect(session.phase).toBe('live');
    expect([...session.kinds.keys()]).toEqual(['van']);
    expect(outcome.changed.sort()).toEqual(['team', 'van']);
  });

  it('puts and drops what a delta says', () => {
    const session = live();
    const outcome = session.receive(delta(5, 6, [['team', 'b', { n: 2 }], ['team', 'a', null]]));
    expect([...session.kinds.get('team')!.keys()]).toEqual(['b']);
    expect(outcome.touched).toEqual(['b', 'a']);
    expect(session.position).toEqual([1, 6]);
  });

  it('greets anew without a position when a frame is missing', () => {
    const session = live();
    const outcome = session.receive(delta(6, 7, [['team', 'a', null]]));
    expect(outcome.send).toEqual([{ type: 'hello', v: 1, topics: ['board'], last: {} }]);
    expect(session.kinds.get('team')!.has('a')).toBe(true);
    expect(session.phase).toBe('greeting');
  });

  it('greets anew when the epoch changed', () => {
    expect(live().receive(delta(5, 6, [], 2)).send).toHaveLength(1);
  });

  it('asks once only while it waits for the snapshot', () => {
    const session = live();
    session.receive(delta(6, 7));
    expect(session.receive(delta(7, 8)).send).toEqual([]);
  });

  it('ignores a frame that it has already seen', () => {
    const session = live();
    expect(session.receive(delta(3, 5, [['team', 'a', null]])).changed).toEqual([]);
    expect(session.kinds.get('team')!.has('a')).toBe(true);
  });

  it('keeps its objects when the server resumes', () => {
    const session = live();
    session.hello();
    session.receive({ type: 'resume', topic: 'board', epoch: 1, seq: 5, server_ms: 1 });
    expect(session.phase).toBe('live');
    expect(session.kinds.get('team')!.size).toBe(1);
  });

  it('acknowledges at a tick, once for all that came since', () => {
    const session = live();
    session.receive(delta(5, 6));
    session.receive(delta(6, 7));
    expect(session.receive(tick).send).toEqual([{ type: 'ack', topic: 'board', seq: 7 }]);
    expect(session.receive(tick).send).toEqual([]);
    expect(session.feedMs).toBe(2_900);
  });

  it('ignores the frames of another topic', () => {
    const session = live();
    session.receive({ ...delta(5, 6, [['team', 'a', null]]), topic: 'wall' } as ServerFrame);
    expect(session.position).toEqual([1, 5]);
  });

  it('says whether to come back after a good-bye', () => {
    expect(live().receive({ type: 'bye', code: 4401, again: false }).bye).toEqual({ again: false, code: '4401' });
  });
});

describe('the delay before a new try', () => {
  it('doubles its ceiling up to twenty seconds and spreads below it', () => {
    expect(retryDelayMs(0, 0)).toBe(200);
    expect(retryDelayMs(0, 0.999)).toBeLessThan(1_200);
    expect(retryDelayMs(3, 0.999)).toBeGreaterThan(8_000);
    expect(retryDelayMs(50, 0.999)).toBeLessThan(20_200);
  });
});
