import type { ClientFrame, Position, ServerFrame } from './frames';

export interface Outcome {
  /** Frames to send now. */
  send: ClientFrame[];
  /** Kinds whose objects changed. */
  changed: string[];
  /** Ids that changed in a delta, so that a screen may glow; empty after a snapshot. */
  touched: string[];
  /** What happened, in words. */
  lines: string[];
  /** Set when the server says good-bye: whether to come back. */
  bye?: { again: boolean; code: string };
}

export type Phase = 'greeting' | 'live' | 'ended';

/** One topic of one socket, without I/O: frames go in, what must be done comes out. */
export class LiveSession {
  phase: Phase = 'greeting';
  position: Position | null = null;
  simulated = false;
  serverMs = 0;
  feedMs: number | null = null;
  readonly kinds = new Map<string, Map<string, unknown>>();
  #unacknowledged = false;

  constructor(readonly topic: string) {}

  /** The first frame of a new socket: resumes where the last one ended. */
  hello(): ClientFrame {
    this.phase = 'greeting';
    const last: Record<string, Position> = this.position ? { [this.topic]: this.position } : {};
    return { type: 'hello', v: 1, topics: [this.topic], last };
  }

  receive(frame: ServerFrame): Outcome {
    const outcome: Outcome = { send: [], changed: [], touched: [], lines: [] };
    if ('server_ms' in frame) this.serverMs = frame.server_ms;
    if ('topic' in frame && frame.topic !== this.topic) return outcome;
    switch (frame.type) {
      case 'welcome':
        this.simulated = frame.simulated;
        break;
      case 'snapshot':
        outcome.changed = this.#replace(frame.state);
        this.#advance([frame.epoch, frame.seq]);
        break;
      case 'resume':
        this.#advance([frame.epoch, frame.seq]);
        break;
      case 'delta':
        this.#applyDelta(frame, outcome);
        break;
      case 'tick':
        this.feedMs = frame.feed_ms;
        if (this.#unacknowledged && this.position) {
          outcome.send.push({ type: 'ack', topic: this.topic, seq: this.position[1] });
          this.#unacknowledged = false;
        }
        break;
      case 'bye':
        this.phase = 'ended';
        outcome.bye = { again: frame.again, code: String(frame.code) };
        break;
    }
    return outcome;
  }

  #applyDelta(frame: Extract<ServerFrame, { type: 'delta' }>, outcome: Outcome): void {
    if (!this.position || this.position[0] !== frame.epoch || frame.prev > this.position[1]) {
      if (this.phase !== 'greeting' || this.position) outcome.send.push(this.#helloAnew());
      return;
    }
    if (frame.seq <= this.position[1]) return;
    const changed = new Set<string>();
    for (const [kind, id, object] of frame.changes) {
      const objects = this.#objects(kind);
      if (object === null) objects.delete(id);
      else objects.set(id, object);
      changed.add(kind);
      outcome.touched.push(id);
    }
    outcome.changed = [...changed];
    outcome.lines = frame.lines ?? [];
    this.#advance([frame.epoch, frame.seq]);
  }

  #helloAnew(): ClientFrame {
    this.position = null;
    return this.hello();
  }

  #advance(position: Position): void {
    this.position = position;
    this.phase = 'live';
    this.#unacknowledged = true;
  }

  #replace(state: Record<string, Record<string, unknown>>): string[] {
    const changed = new Set([...this.kinds.keys(), ...Object.keys(state)]);
    this.kinds.clear();
    for (const [kind, objects] of Object.entries(state)) this.kinds.set(kind, new Map(Object.entries(objects)));
    return [...changed];
  }

  #objects(kind: string): Map<string, unknown> {
    let objects = this.kinds.get(kind);
    if (!objects) this.kinds.set(kind, (objects = new Map()));
    return objects;
  }
}

/** Full jitter: anywhere up to a ceiling that doubles from 1 s to 20 s. `random` is in [0, 1). */
export function retryDelayMs(attempt: number, random: number): number {
  return 200 + Math.floor(random * Math.min(20_000, 1_000 * 2 ** attempt));
}
