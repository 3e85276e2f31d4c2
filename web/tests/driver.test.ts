import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Known } from '../src/field/memory';
import type { RideCard } from '../src/live/kinds';

const kept = new Map<string, string>();
const storage = new Proxy(
  { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value), removeItem: (key: string) => void kept.delete(key) },
  { ownKeys: () => [...kept.keys()], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) },
);
const login = (id: string) => ({ token: 't', expires_ms: 0, account: { id, role: 'field' } });
let account = 'one';

beforeEach(() => {
  kept.clear();
  vi.useFakeTimers();
  vi.stubGlobal('localStorage', storage);
  vi.stubGlobal('sessionStorage', storage);
  vi.stubGlobal('window', { addEventListener: () => {}, removeEventListener: () => {} });
  vi.stubGlobal('location', new URL('http://tower.test/'));
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.url.endsWith('/sessions')) return Response.json(login(account));
    throw new TypeError('no network');
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const planned = (id: string): RideCard => ({ id, state: 'planned', leg: 'to', van: 'van-7', pick_up_ms: 1, drop_off_ms: 2, told_from_ms: 1 }) as RideCard;

async function driver(...cards: RideCard[]) {
  const [{ Rides }, { Outbox }] = await Promise.all([import('../src/field/rides.svelte'), import('../src/api/outbox.svelte')]);
  const outbox = new Outbox('driver');
  outbox.stop();
  const feed = { begun: true, connection: 'lost' as const, all: <T>() => cards as T[] };
  return { outbox, rides: new Rides(feed, outbox, 'van-7', () => true, {}) };
}

test('a pick-up that waits to be sent names the van, for the plan may give the ride to another meanwhile', async () => {
  const { outbox, rides } = await driver(planned('a'));
  rides.step('a', 'picked_up');
  expect(outbox.waiting).toMatchObject([{ path: '/v1/rides/a/steps', body: { step: 'picked_up', van: 'van-7' } }]);
});

test('a double tap on the pick-up drops nobody off; a press after a moment does', async () => {
  const { outbox, rides } = await driver(planned('a'));
  const said = (): unknown[] => outbox.waiting.map(({ body }) => body['step']);
  rides.step('a', 'picked_up');
  expect(rides.settled).toBe(false);
  vi.advanceTimersByTime(1_400);
  rides.step('a', 'dropped_off');
  expect(said()).toEqual(['picked_up']);
  vi.advanceTimersByTime(200);
  rides.step('a', 'dropped_off');
  expect(said()).toEqual(['picked_up', 'dropped_off']);
});

test('after the log-out was pressed nothing is written on the phone any more', async () => {
  const { Memory } = await import('../src/field/memory');
  const known: Known = { rides: [planned('a')], riders: {} };
  const memory = new Memory();
  memory.keep(known);
  expect(new Memory().before).toEqual(known);
  memory.end();
  memory.keep(known);
  expect(new Memory().before).toEqual({});
});

test('what one account left on the device is there when it comes back, and gone when another logs in', async () => {
  const [{ session }, { Memory }] = await Promise.all([import('../src/session.svelte'), import('../src/field/memory')]);
  const rides = [planned('a')];
  await session.logIn('one', 'secret');
  new Memory().keep({ rides });
  await session.logIn('one', 'secret');
  expect(new Memory().before).toEqual({ rides });
  account = 'other';
  await session.logIn('other', 'secret');
  expect(new Memory().before).toEqual({});
});
