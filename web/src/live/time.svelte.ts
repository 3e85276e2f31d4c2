/** The offset survives a reload: a phone in a dead spot still knows the server's time. */
const KEY = 'caretower.clock';

/** One clock for all screens: it beats once a second and runs on the server's time. */
class Time {
  nowMs = $state(Date.now());
  #offsetMs = Number(sessionStorage.getItem(KEY) ?? 0);
  #best = Number.POSITIVE_INFINITY;
  #heardAt = 0;

  constructor() {
    setInterval(() => this.#beat(), 1_000);
  }

  /** A server time just arrived. The smallest delay of the last minute tells the offset best. */
  heard(serverMs: number): void {
    const local = Date.now();
    const delay = local - serverMs;
    if (delay < this.#best || local - this.#heardAt > 60_000) {
      this.#best = delay;
      this.#heardAt = local;
      this.#offsetMs = -delay;
      sessionStorage.setItem(KEY, String(this.#offsetMs));
    }
  }

  /** Server time at this moment, in ms. */
  exactMs(): number {
    return Date.now() + this.#offsetMs;
  }

  #beat(): void {
    this.nowMs = this.exactMs();
  }
}

export const time = new Time();
