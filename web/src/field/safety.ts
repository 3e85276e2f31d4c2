import type { Panic, RequestCard } from '../live/kinds';

/** Which crews the desk must look to, the worst first. Pure. */

export interface Alert {
  id: string;
  kind: 'team' | 'van';
  unit: string;
  request: string | null;
  panic: Panic | null;
  card: RequestCard | null;
  /** It sounds: a call for help that nobody has, or silence that nobody took on. */
  loud: boolean;
}

/**
 * Calls for help are everybody's at a desk. An overdue check-in is seen by dispatchers and heard by the request's
 * owner; when nobody takes it on it is the supervisor's too, and heard by all.
 */
export function safety(panics: readonly Panic[], cards: readonly RequestCard[], role: string, me: string): Alert[] {
  const calls = panics.map((panic): Alert => ({ id: panic.id, kind: panic.kind, unit: panic.unit, request: panic.request, panic, card: null, loud: panic.acknowledged_by === null }));
  const clock = role === 'supervisor' ? 'check_in_supervisor' : 'check_in';
  const silent = cards.filter((card) => card.overdue.includes(clock)).flatMap((card) => ofSilence(card, me));
  const rank = ({ loud, panic }: Alert): number => (loud ? 0 : 2) + (panic ? 0 : 1);
  return [...calls, ...silent].sort((a, b) => rank(a) - rank(b) || a.id.localeCompare(b.id));
}

function ofSilence(card: RequestCard, me: string): Alert[] {
  const [kind, unit] = card.team ? (['team', card.team] as const) : (['van', card.van] as const);
  if (!unit) return [];
  const mine = card.owner === null || card.owner === me;
  const loud = card.check_in_taken_by === null && (mine || card.overdue.includes('check_in_supervisor'));
  return [{ id: `check-in ${card.id}`, kind, unit, request: card.id, panic: null, card, loud }];
}
