import { reach, type Reached } from '../api/doors';
import type { LonLat } from '../map/geometry';
import { failureText } from './act.svelte';

export const REACH_MIN = [15, 30, 60] as const;

/** Who is within so many minutes of a place: of the chosen person, or of a point on the map. */
export class Reach {
  on = $state(false);
  at = $state.raw<LonLat | null>(null);
  found = $state.raw<Reached | null>(null);
  failure = $state('');
  #asked = 0;

  async ask(at: LonLat): Promise<void> {
    const turn = ++this.#asked;
    this.at = at;
    this.found = null;
    this.failure = '';
    try {
      const found = await reach(at, REACH_MIN.map((minutes) => minutes * 60));
      if (turn === this.#asked) this.found = found;
    } catch (error) {
      if (turn === this.#asked) this.failure = failureText(error);
    }
  }

  close(): void {
    this.#asked++;
    this.on = false;
    this.at = this.found = null;
    this.failure = '';
  }
}
