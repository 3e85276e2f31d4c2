import type { RideCard, Slot } from '../live/kinds';

/** What a desk sees of scheduled rides. Pure. */

/** Asked for, and no van carries it; a day that is still far off is no trouble. */
export const isWithoutVan = ({ state, lacking }: RideCard): boolean => state === 'asked' && lacking.length > 0 && lacking.every(({ why }) => why !== 'later');

/** The window that was told is over, and nobody has said how it went. */
export const isOverdue = ({ state, told_until_ms }: RideCard, nowMs: number): boolean => state === 'planned' && told_until_ms !== null && told_until_ms < nowMs;

export type Askable = Record<RideCard['leg'], boolean>;

/** Which rides may still be asked for: there until the appointment begins, home until it ends, for who attended too. */
export function askable(slot: Slot | undefined, state: string, rides: readonly RideCard[], nowMs: number): Askable {
  const lacks = (leg: RideCard['leg']): boolean => slot?.mode === 'in_person' && !rides.some((ride) => ride.leg === leg && ride.ended_ms === null);
  const [startsMs, endsMs] = slot ? [slot.starts_ms, slot.starts_ms + slot.duration_s * 1_000] : [0, 0];
  const expected = ['requested', 'accepted', 'on-hold'].includes(state);
  return { to: lacks('to') && expected && startsMs > nowMs, home: lacks('home') && (expected || state === 'completed') && endsMs > nowMs };
}

const LONG_ABOARD_MS = 3 * 3_600_000;

/** Aboard past the appointment, or very long: late, or the drop-off was forgotten and keeps the van from crisis work. */
export const isStillAboard = ({ state, leg, starts_ms, boarded_ms }: RideCard, nowMs: number): boolean =>
  state === 'aboard' && (leg === 'to' ? starts_ms : (boarded_ms ?? nowMs) + LONG_ABOARD_MS) < nowMs;

export const isTrouble = (ride: RideCard, nowMs: number): boolean => isWithoutVan(ride) || isOverdue(ride, nowMs) || isStillAboard(ride, nowMs);

/** What somebody has to look at first, then by the next stop. */
export function inOrder(rides: readonly RideCard[], nowMs: number): RideCard[] {
  const trouble = (ride: RideCard): number => Number(isTrouble(ride, nowMs));
  const next = ({ state, pick_up_ms, drop_off_ms, starts_ms }: RideCard): number => (state === 'aboard' ? drop_off_ms : pick_up_ms) ?? starts_ms;
  return [...rides].sort((a, b) => trouble(b) - trouble(a) || next(a) - next(b) || a.id.localeCompare(b.id));
}

/** Of each leg, there and then home: the ride that is open, or else how the last one ended. */
export function legsOf(rides: readonly RideCard[]): RideCard[] {
  return (['to', 'home'] as const).flatMap((leg) => {
    const [last] = rides.filter((ride) => ride.leg === leg).sort((a, b) => (b.ended_ms ?? Infinity) - (a.ended_ms ?? Infinity));
    return last ? [last] : [];
  });
}
