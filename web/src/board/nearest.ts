import type { RequestCard, Team } from '../live/kinds';

/** Where nobody plans: who would be there first. Pure. */

export interface Nearest {
  team: Team;
  seconds: number;
}

/** Free and on duty, with every crew word that the person needs. */
export function mayGo(team: Team, card: RequestCard, crew: readonly string[], nowMs: number): boolean {
  const free = team.status === 'available' && team.request === null && team.hold === null;
  const onDuty = team.shift_start_ms <= nowMs && nowMs < team.shift_end_ms;
  return free && onDuty && card.needs.every((word) => !crew.includes(word) || team.offers.includes(word));
}

/** `reached` has the seconds by road, the nearest first; `crew` are the words that bind a crew. */
export function nearest(reached: readonly { id: string; seconds: number }[], team: (id: string) => Team | undefined, card: RequestCard, crew: readonly string[], nowMs: number): Nearest | null {
  for (const { id, seconds } of reached) {
    const found = team(id);
    if (found && mayGo(found, card, crew, nowMs)) return { team: found, seconds };
  }
  return null;
}
