import * as doors from '../api/doors';
import type { RideCard } from '../live/kinds';

/** Rides that ended within a day: they leave the feed, and are read again whenever one does. */
export class EndedRides {
  list = $state.raw<RideCard[]>([]);
  #open: ReadonlySet<string> | null = null;

  follow(open: readonly RideCard[]): void {
    const ids = new Set(open.map(({ id }) => id));
    const fewer = this.#open === null || [...this.#open].some((id) => !ids.has(id));
    this.#open = ids;
    if (!fewer) return;
    doors.rides().then(
      (found) => (this.list = found.filter((ride) => ride.ended_ms !== null)),
      () => (this.#open = null),
    );
  }
}
