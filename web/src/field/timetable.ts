import type { RideCard } from '../live/kinds';

/** A driver's stops from the cards of the van's rides. Pure. */
export interface RideStop {
  ride: RideCard;
  deed: 'pick_up' | 'drop_off';
  atMs: number;
}

/** In the order of their times; who is aboard is only dropped off. */
export function stopsOf(rides: readonly RideCard[]): RideStop[] {
  const stops = rides.flatMap((ride): RideStop[] => {
    const { pick_up_ms, drop_off_ms } = ride;
    if (pick_up_ms === null || drop_off_ms === null) return [];
    const last: RideStop = { ride, deed: 'drop_off', atMs: drop_off_ms };
    return ride.state === 'aboard' ? [last] : [{ ride, deed: 'pick_up', atMs: pick_up_ms }, last];
  });
  return stops.sort((a, b) => a.atMs - b.atMs || a.ride.id.localeCompare(b.ride.id));
}
