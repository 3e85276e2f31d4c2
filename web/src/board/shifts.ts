import type { Team, Van } from '../live/kinds';

/** Who goes off shift soon. Pure. */

export const SOON_MS = 30 * 60_000;

export interface Leaving {
  kind: 'team' | 'van';
  unit: Team | Van;
  endMs: number;
}

/** On duty, and off within half an hour or over time already. */
export const leavesSoon = (unit: Team | Van, nowMs: number): boolean => unit.status !== 'out_of_service' && unit.shift_end_ms - nowMs <= SOON_MS && (unit.shift_end_ms > nowMs || unit.request !== null);

/** The first to go first. */
export function leaving(teams: readonly Team[], vans: readonly Van[], nowMs: number): Leaving[] {
  const of = (kind: 'team' | 'van', units: readonly (Team | Van)[]): Leaving[] => units.filter((unit) => leavesSoon(unit, nowMs)).map((unit) => ({ kind, unit, endMs: unit.shift_end_ms }));
  return [...of('team', teams), ...of('van', vans)].sort((a, b) => a.endMs - b.endMs || a.unit.name.localeCompare(b.unit.name));
}
