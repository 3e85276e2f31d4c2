import { SvelteMap } from 'svelte/reactivity';
import type { ClientFrame, ServerFrame } from './frames';
import { LiveSession, retryDelayMs } from './session';
import { time } from './time.svelte';

export type Connection = 'connecting' | 'catching-up' | 'connected' | 'lost' | 'refused';

/** Silence after which the socket is given up: the server ticks every second. */
const SILENCE_MS = 8_000;
/** A feed older than this is no longer shown as new. */
export const FEED_LATE_MS = 10_000;

interface Doors {
  topic: string;
  /** A fresh one-use ticket; throws when there is none to be had now. */
  ticket: () => Promise<string>;
  /** Called when the server says that coming back is useless. */
  refused?: (code: string) => void;
  /** Called at every (re)connection: a good moment to look for an upgrade. */
  connected?: () => void;
}

/** The socket and its timers around one LiveSession; its objects are read reactively by kind. */
export class LiveClient {
  connection = $state<Connection>('connecting');
  /** Local time of the last frame while connected, of the loss when lost. */
  sinceMs = $state(Date.now());
  /** False until the first snapshot: an empty screen is then unknown, not empty. */
  begun = $state(false);
  simulated = $state(false);
  /** When the feed was last known good, server time. */
  feedMs = $state<number | null>(null);
  /** Since when the planner gives no sign, server time; null while it does. */
  plannerLateMs = $state<number | null>(null);
  readonly lines = $state<{ text: string; atMs: number }[]>([]);
  readonly touched = new SvelteMap<string, number>();

  #revisions = new SvelteMap<string, number>();
  #session: LiveSession;
  #socket: WebSocket | null = null;
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setInterval>;
  #lastFrame = performance.now();
  #stopped = false;

  constructor(readonly doors: Doors) {
    this.#session = new LiveSession(doors.topic);
    this.#watch = setInterval(() => this.#watchSilence(), 1_000);
    window.addEventListener('online', this.#now);
    void this.#connect();
  }

  /** All objects of a kind; the caller re-runs when any of them changes. */
  all<T>(kind: string): T[] {
    this.#revisions.get(kind);
    return [...(this.#session.kinds.get(kind)?.values() ?? [])] as T[];
  }

  get<T>(kind: string, id: string | null | undefined): T | undefined {
    this.#revisions.get(kind);
    return id ? (this.#session.kinds.get(kind)?.get(id) as T | undefined) : undefined;
  }

  /** True while what is on the screen may be old. */
  get old(): boolean {
    if (this.connection !== 'connected') return true;
    return this.feedAgeMs !== null && this.feedAgeMs > FEED_LATE_MS;
  }

  get feedAgeMs(): number | null {
    return this.feedMs === null ? null : Math.max(0, time.nowMs - this.feedMs);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearInterval(this.#watch);
    window.removeEventListener('online', this.#now);
    this.#socket?.close();
  }

  #now = (): void => {
    if (this.connection === 'lost') {
      clearTimeout(this.#timer);
      void this.#connect();
    }
  };

  async #connect(): Promise<void> {
    if (this.#stopped) return;
    let ticket: string;
    try {
      ticket = await this.doors.ticket();
    } catch {
      this.#lost();
      return;
    }
    if (this.#stopped) return;
    const url = new URL('/v1/live', location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    url.searchParams.set('ticket', ticket);
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#lastFrame = performance.now();
    socket.onopen = () => this.#send(this.#session.hello());
    socket.onmessage = (message) => this.#receive(JSON.parse(String(message.data)) as ServerFrame);
    socket.onclose = () => {
      if (this.#socket === socket) this.#lost();
    };
  }

  #send(frame: ClientFrame): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #receive(frame: ServerFrame): void {
    this.#lastFrame = performance.now();
    const outcome = this.#session.receive(frame);
    if ('server_ms' in frame) time.heard(frame.server_ms);
    if (frame.type === 'welcome') this.simulated = frame.simulated;
    if (frame.type === 'tick') {
      this.feedMs = frame.feed_ms;
      this.plannerLateMs = frame.planner_late_since_ms ?? null;
    }
    outcome.send.forEach((reply) => this.#send(reply));
    for (const kind of outcome.changed) this.#revisions.set(kind, (this.#revisions.get(kind) ?? 0) + 1);
    this.#remember(outcome.touched, outcome.lines);
    if (outcome.bye && !outcome.bye.again) {
      this.connection = 'refused';
      this.#stopped = true;
      this.doors.refused?.(outcome.bye.code);
      return;
    }
    this.#settle();
  }

  #settle(): void {
    const live = this.#session.phase === 'live';
    if (live) this.begun = true;
    if (live && this.connection !== 'connected') {
      this.connection = 'connected';
      this.sinceMs = Date.now();
      this.#attempt = 0;
      this.doors.connected?.();
    } else if (!live) {
      this.connection = 'catching-up';
    }
  }

  #remember(touched: string[], lines: string[]): void {
    for (const id of touched) this.touched.set(id, time.nowMs);
    if (this.touched.size > 400) {
      for (const [id, atMs] of this.touched) if (time.nowMs - atMs > 4_000) this.touched.delete(id);
    }
    for (const text of lines) this.lines.unshift({ text, atMs: time.nowMs });
    this.lines.length = Math.min(this.lines.length, 20);
  }

  #watchSilence(): void {
    if (this.#socket && performance.now() - this.#lastFrame > SILENCE_MS) this.#lost();
  }

  #lost(): void {
    const socket = this.#socket;
    this.#socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    if (this.#stopped) return;
    if (this.connection !== 'lost') this.sinceMs = Date.now();
    this.connection = 'lost';
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#connect(), retryDelayMs(this.#attempt++, Math.random()));
  }
}
