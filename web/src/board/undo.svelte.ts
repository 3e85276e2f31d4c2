import { Unreachable } from '../api/http';
import { time } from '../live/time.svelte';
import { failureText } from './act.svelte';
import type { NameOf } from './refusal';

/** For so long a slip can be taken back, where nobody has relied on it yet. */
export const UNDO_MS = 30_000;

/** The world has moved on since: the reason in words. */
export class MovedOn extends Error {}

interface Slip {
  /** What was done, in words. */
  what: string;
  untilMs: number;
  undo: () => Promise<unknown> | void;
}

/** The last thing that was done here, while it can be undone by a command that compensates it. */
export class Undo {
  #slip = $state.raw<Slip | null>(null);
  busy = $state(false);
  /** What came of the last undoing. */
  undone = $state('');
  failure = $state('');

  constructor(private readonly nameOf?: NameOf) {}

  /** What can be undone now; null when nothing, or not any more. */
  get slip(): Slip | null {
    return this.#slip && this.#slip.untilMs > time.nowMs ? this.#slip : null;
  }

  get leftS(): number {
    return this.slip ? Math.ceil((this.slip.untilMs - time.nowMs) / 1_000) : 0;
  }

  /** `undo` throws `MovedOn`, `Problem` or `Unreachable` when it could not be done. */
  offer(what: string, undo: Slip['undo']): void {
    this.#slip = { what, untilMs: time.exactMs() + UNDO_MS, undo };
    this.undone = this.failure = '';
  }

  async take(): Promise<void> {
    const slip = this.slip;
    if (!slip || this.busy) return;
    this.busy = true;
    this.failure = '';
    try {
      await slip.undo();
      if (this.#slip === slip) this.#slip = null;
      this.undone = slip.what;
    } catch (error) {
      // A lost network leaves the offer standing; a no does not.
      if (!(error instanceof Unreachable) && this.#slip === slip) this.#slip = null;
      this.failure = error instanceof MovedOn ? error.message : failureText(error, this.nameOf);
    } finally {
      this.busy = false;
    }
  }

  clear(): void {
    this.#slip = null;
    this.undone = this.failure = '';
  }
}
