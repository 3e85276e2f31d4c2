import type { RideCard } from '../live/kinds';
import type { Kept } from './task';

/** A driver's stops from the cards of the van's rides, advanced by what the phone has not sent yet. Pure. */
export interface RideStop {
  ride: RideCard;
  deed: 'pick_up' | 'drop_off';
  atMs: number;
}

/** So long before the window that was told, a pick-up is what the driver does next. */
const SOON_MS = 30 * 60_000;

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

/** The rides as the driver has left them: each waiting step moves its ride on. */
export function ridesAhead(rides: readonly RideCard[], waiting: readonly Kept[]): RideCard[] {
  return rides.flatMap((ride) => {
    const steps = waiting.filter(({ path }) => path === `/v1/rides/${ride.id}/steps`);
    const last = steps.at(-1)?.body['step'];
    if (last === undefined) return [ride];
    return last === 'picked_up' ? [{ ...ride, state: 'aboard' as const }] : [];
  });
}

export const isAboard = ({ state }: RideCard): boolean => state === 'aboard';

const isNear = ({ told_from_ms, pick_up_ms }: RideCard, nowMs: number): boolean => (told_from_ms ?? pick_up_ms ?? Infinity) - SOON_MS <= nowMs;

/** The rides that are not the van's any more. Who is aboard is the driver's own to end, or the desk's for them. */
export const gone = (had: readonly RideCard[], rides: readonly RideCard[]): RideCard[] =>
  [...new Map(had.map((was) => [was.id, was])).values()].filter((was) => !isAboard(was) && !rides.some(({ id }) => id === was.id));

/** Of those, the ones that the driver may be on the way for in vain. `own`: the van's rides by the record, the ended ones too. */
export const takenAway = (missing: readonly RideCard[], own: readonly RideCard[], nowMs: number): RideCard[] =>
  missing.filter((was) => isNear(was, nowMs) && (own.find(({ id }) => id === was.id)?.state ?? 'cancelled') === 'cancelled');

/** Who rides, of the rides that are still ahead. */
export const ridersAhead = <T>(riders: Readonly<Record<string, T>>, rides: readonly RideCard[]): Record<string, T> =>
  Object.fromEntries(Object.entries(riders).filter(([ride]) => rides.some(({ id }) => id === ride)));

/** The stop that is under the thumb: the first one, once it is near in time; else whoever is aboard can be dropped off. */
export function dueStop(stops: readonly RideStop[], nowMs: number): RideStop | undefined {
  const first = stops[0];
  return first && isNear(first.ride, nowMs) ? first : stops.find(({ ride }) => isAboard(ride));
}

/** Where the person lives, rather than where the care is. */
export function isAtHome({ ride, deed }: RideStop): boolean {
  return (ride.leg === 'to') === (deed === 'pick_up');
}

export const stepOf = (deed: RideStop['deed']): string => (deed === 'pick_up' ? 'picked_up' : 'dropped_off');
