import { reachOf, type ReachPlace, type Reached } from '../api/doors';
import { failureText } from './act.svelte';

export const WALL_REACH_MIN = [30, 60] as const;
const AGAIN_MS = 5 * 60_000;
const RETRY_MS = 30_000;

/** From where one facility or authority is reached in time, by the roads as they are now. */
export class WallReach {
  found = $state.raw<Reached | null>(null);
  failure = $state('');
  #of = '';

  /** Asks now and again every few minutes until the function that it answers is called. */
  follow(place: ReachPlace | null): () => void {
    const of = JSON.stringify(place);
    if (of !== this.#of) this.found = null;
    this.#of = of;
    this.failure = '';
    if (!place) return () => {};
    let stopped = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      let [found, failure]: [Reached | null, string] = [null, ''];
      try {
        found = await reachOf(place, WALL_REACH_MIN.map((minutes) => minutes * 60));
      } catch (error) {
        failure = failureText(error);
      }
      if (stopped) return;
      [this.found, this.failure] = [found, failure];
      timer = setTimeout(() => void ask(), found ? AGAIN_MS : RETRY_MS);
    };
    void ask();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }
}
