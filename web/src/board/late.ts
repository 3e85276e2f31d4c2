import type { RequestCard } from '../live/kinds';

/** A request of which a clock ran out: what is late, and which of it nobody answered. */
export interface Late {
  card: RequestCard;
  raised: string[];
  overdue: string[];
}

/** What was raised to a supervisor comes first, then what has waited longest. Pure. */
export function late(cards: readonly RequestCard[]): Late[] {
  return cards
    .filter((card) => card.overdue.length > 0)
    .map((card) => ({ card, raised: card.raised, overdue: card.overdue.filter((clock) => !card.raised.includes(clock)) }))
    .sort((a, b) => Number(b.raised.length > 0) - Number(a.raised.length > 0) || a.card.opened_ms - b.card.opened_ms);
}
