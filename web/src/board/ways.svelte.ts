import { movingWays, waysOf, type MovingWay } from '../api/doors';
import type { LonLat } from '../map/geometry';
import { metresApart } from '../map/ways';

/** From where to where; the key says for whom. */
export interface Leg {
  key: string;
  start: LonLat;
  end: LonLat;
}

interface Asked extends Leg {
  line: LonLat[] | null;
  atMs: number;
}

const MOST = 12;
const FAR_M = 800;
const OLD_MS = 60_000;
const AGAIN_MS = 30_000;
const REST_MS = 15_000;

/** Ways by road, asked of the server: for the legs on the screen, and of everybody under way. */
export class Ways {
  /** Changes whenever a line came. */
  revision = $state(0);
  moving = $state.raw<MovingWay[]>([]);
  #known = new Map<string, Asked>();
  #asking = false;
  #restMs = 0;
  #timer: ReturnType<typeof setInterval>;

  constructor() {
    void this.#look();
    this.#timer = setInterval(() => void this.#look(), AGAIN_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The line of a leg; null while none is known: then a straight one is drawn. */
  line(key: string): LonLat[] | null {
    void this.revision;
    return this.#known.get(key)?.line ?? null;
  }

  /** Asks for what is not known or is out of date; what is not wanted any more is forgotten. */
  async want(legs: readonly Leg[]): Promise<void> {
    const wanted = legs.slice(0, MOST);
    const keys = new Set(wanted.map(({ key }) => key));
    for (const key of this.#known.keys()) if (!keys.has(key)) this.#known.delete(key);
    const missing = wanted.filter((leg) => this.#stale(leg));
    if (missing.length === 0 || this.#asking || Date.now() < this.#restMs) return;
    this.#asking = true;
    try {
      const found = await waysOf(missing);
      missing.forEach((leg, index) => this.#known.set(leg.key, { ...leg, line: found[index] ?? null, atMs: Date.now() }));
      this.revision++;
    } catch {
      // Without ways the map draws straight lines; after a rest it is asked again.
      this.#restMs = Date.now() + REST_MS;
    } finally {
      this.#asking = false;
    }
  }

  #stale({ key, start, end }: Leg): boolean {
    const known = this.#known.get(key);
    return !known || metresApart(known.end, end) > 1 || metresApart(known.start, start) > FAR_M || (Date.now() - known.atMs > OLD_MS && metresApart(known.start, start) > 100);
  }

  async #look(): Promise<void> {
    if (document.hidden) return;
    try {
      this.moving = await movingWays();
    } catch {
      // The next look comes by itself.
    }
  }
}
