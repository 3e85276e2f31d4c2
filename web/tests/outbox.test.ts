import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

/** A server that is reached or not, and that does each command id once. */
class Server {
  reached = true;
  /** The answer is lost after the work was done. */
  deaf = false;
  status = 200;
  tries: string[] = [];
  done: { id: string; path: string; at: unknown }[] = [];

  fetch = async (request: Request): Promise<Response> => {
    const body = (await request.json()) as { command_id: string; at_ms?: number };
    this.tries.push(body.command_id);
    if (!this.reached) throw new TypeError('no network');
    const first = this.done.every(({ id }) => id !== body.command_id);
    if (this.status === 200 && first) this.done.push({ id: body.command_id, path: new URL(request.url).pathname, at: body.at_ms });
    if (this.deaf) throw new TypeError('answer lost');
    return new Response(JSON.stringify({}), { status: this.status });
  };
}

const kept = new Map<string, string>();
const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value), removeItem: (key: string) => void kept.delete(key) };
let server: Server;
let Outbox: typeof import('../src/api/outbox.svelte').Outbox;
const opened: { stop: () => void }[] = [];

beforeEach(async () => {
  kept.clear();
  server = new Server();
  vi.stubGlobal('localStorage', storage);
  vi.stubGlobal('sessionStorage', storage);
  vi.stubGlobal('window', { addEventListener: () => {}, removeEventListener: () => {} });
  vi.stubGlobal('location', new URL('http://tower.test/'));
  vi.stubGlobal('fetch', (request: Request) => server.fetch(request));
  ({ Outbox } = await import('../src/api/outbox.svelte'));
});
afterEach(() => {
  opened.splice(0).forEach((outbox) => outbox.stop());
  vi.unstubAllGlobals();
});

function open(account = 'crew', lane = ''): InstanceType<typeof Outbox> {
  const outbox = new Outbox(account, lane);
  opened.push(outbox);
  return outbox;
}
async function flushed(outbox: InstanceType<typeof Outbox>): Promise<void> {
  do {
    await new Promise((next) => setTimeout(next, 0));
    await outbox.flush();
  } while (server.reached && !server.deaf && server.status === 200 && outbox.waiting.length);
}
const steps = (): string[] => server.done.map(({ path }) => path);

describe('what a phone has not sent yet', () => {
  it('is sent in order when the network is back, each once and with its own time', async () => {
    server.reached = false;
    const outbox = open();
    for (const [at_ms, door] of ['/a', '/b', '/c'].entries()) outbox.put('r', door, { at_ms });
    await flushed(outbox);
    expect(outbox.waiting.length).toBe(3);
    server.reached = true;
    await flushed(outbox);
    expect(steps()).toEqual(['/a', '/b', '/c']);
    expect(server.done.map(({ at }) => at)).toEqual([0, 1, 2]);
    expect(outbox.waiting).toEqual([]);
  });

  it('carries the same id after an answer was lost, and happens once', async () => {
    server.deaf = true;
    const outbox = open();
    outbox.put('r', '/a', {});
    await flushed(outbox);
    await flushed(outbox);
    server.deaf = false;
    await flushed(outbox);
    expect(new Set(server.tries).size).toBe(1);
    expect(server.tries.length).toBeGreaterThan(1);
    expect(server.done.length).toBe(1);
  });

  it('survives a reload with its ids and its order', async () => {
    server.reached = false;
    const before = open();
    const ids = ['/a', '/b'].map((door) => before.put('r', door, {}));
    await flushed(before);
    before.stop();
    const after = open();
    expect(after.waiting.map(({ command_id }) => command_id)).toEqual(ids);
    server.reached = true;
    await flushed(after);
    expect(server.done.map(({ id }) => id)).toEqual(ids);
  });

  it('goes on after a refusal, which is told', async () => {
    server.status = 409;
    const outbox = open();
    const answers: unknown[] = [];
    outbox.put('r', '/a', {}, false, (answer) => answers.push(answer));
    await flushed(outbox);
    expect([outbox.waiting.length, outbox.refusals.length]).toEqual([0, 1]);
    expect(answers).toEqual([null]);
    outbox.dismiss('r');
    expect(outbox.refusals).toEqual([]);
  });

  it('waits while the server is in trouble or the log-in has ended', async () => {
    for (const status of [503, 429, 401]) {
      server.status = status;
      const outbox = open(`crew-${status}`);
      outbox.put('r', '/a', {});
      await flushed(outbox);
      expect(outbox.waiting.length).toBe(1);
    }
  });

  it('lets a call for help wait behind nothing', async () => {
    const [outbox, calls] = [open(), open('crew', '.help')];
    server.status = 503;
    outbox.put('r', '/steps', {});
    await flushed(outbox);
    server.status = 200;
    calls.put('unit', '/v1/panics', {});
    await flushed(calls);
    expect(steps()[0]).toBe('/v1/panics');
  });

  it('leaves nothing on the phone after log-out, and is nobody else’s', () => {
    server.reached = false;
    const outbox = open();
    outbox.put('r', '/a', {});
    expect(open('other').waiting).toEqual([]);
    outbox.clear();
    expect([...kept.keys()].filter((key) => key.startsWith('caretower.outbox'))).toEqual([]);
    expect(open().waiting).toEqual([]);
  });
});
