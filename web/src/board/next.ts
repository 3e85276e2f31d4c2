import type { RequestCard } from '../live/kinds';
import { w } from '../words';

/** What must be done next for a request, and how it is sorted for that. Pure. */

const WAITING = new Set(['requested', 'recommended']);
const ENDED = new Set(['handed_over', 'resolved_on_scene', 'resolved_by_phone', 'ems_handed_over', 'person_refused', 'could_not_locate', 'cancelled']);
const TIER_RANK: Record<string, number> = { imminent: 0, high: 1, moderate: 2, routine: 3 };

export interface Next {
  /** 0 alarms, 1 needs a hand now, 2 waits for somebody's answer, 3 under way, 4 ended (followed up, or done). */
  group: 0 | 1 | 2 | 3 | 4;
  text: string;
  /** When it should have happened, server ms. */
  dueMs: number | null;
}

export const isWaiting = (card: RequestCard): boolean => WAITING.has(card.state);
export const isEnded = (card: RequestCard): boolean => ENDED.has(card.state);

/** It has ended with the person, who is still to be referred on or called. */
export const needsFollowUp = (card: RequestCard): boolean => isEnded(card) && card.follow_up_due_ms !== null;

/** Somebody still owes the person something. */
export const isOwed = (card: RequestCard): boolean => !isEnded(card) || needsFollowUp(card) || card.rescue === 'open';

/** An imminent request that nobody owns: the one thing that sounds. */
export const isAlarm = (card: RequestCard): boolean => card.tier === 'imminent' && card.owner === null && !isEnded(card);

/** It sounds until somebody has heard it by name, and again at its next escalation. */
export const sounds = (card: RequestCard): boolean => isAlarm(card) && card.alarm_heard === null;

/** `planned`: whether a planner gives signs, so that waiting for its plan is worth while. */
export function nextStep(card: RequestCard, nowMs: number, planned = true): Next {
  if (isAlarm(card)) return { group: 0, text: w.next.own, dueMs: card.target_ms };
  if (card.rescue === 'open') return { group: 1, text: w.next.rescue, dueMs: card.rescue_due_ms };
  if (isEnded(card)) return { group: 4, text: needsFollowUp(card) ? w.next.follow : w.next.settled, dueMs: card.follow_up_due_ms };
  if (card.facility_answer === 'declined') return { group: 1, text: w.next.facilityDeclined, dueMs: card.target_ms };
  if (card.crew_answer === 'declined') return { group: 1, text: w.next.crewDeclined, dueMs: card.target_ms };
  if (isWaiting(card)) {
    if (card.owner === null) return { group: 1, text: w.next.own, dueMs: card.target_ms };
    return { group: 1, text: card.state === 'recommended' ? w.next.accept : planned ? w.next.plan : w.next.byHand, dueMs: card.target_ms };
  }
  return underWay(card, nowMs);
}

function underWay(card: RequestCard, nowMs: number): Next {
  const late = (dueMs: number | null): boolean => dueMs !== null && dueMs < nowMs;
  const crew = card.crew_answer === 'asked';
  const facility = card.facility_answer === 'asked';
  if (crew && late(card.crew_due_ms)) return { group: 1, text: w.next.askCrew, dueMs: card.crew_due_ms };
  if (facility && late(card.answer_due_ms)) return { group: 1, text: w.next.askFacility, dueMs: card.answer_due_ms };
  if (card.overdue.includes('check_in')) return { group: 1, text: w.next.checkIn, dueMs: card.check_in_due_ms };
  if (crew) return { group: 2, text: w.next.crewAsked, dueMs: card.crew_due_ms };
  if (facility) return { group: 2, text: w.next.facilityAsked, dueMs: card.answer_due_ms };
  switch (card.state) {
    case 'arrived':
      return { group: 1, text: w.next.handOver, dueMs: card.arrive_ms };
    case 'transporting':
      return { group: 3, text: w.next.moving, dueMs: card.arrive_ms };
    case 'on_scene':
      return { group: 3, text: w.next.onScene, dueMs: card.custody_due_ms };
    default:
      return { group: 3, text: w.next.travelling, dueMs: card.eta_ms ?? card.target_ms };
  }
}

/** Alarms first, then what needs a hand, by tier and clock; ties by id, so that nothing jumps. */
export function byNextStep(nowMs: number): (a: RequestCard, b: RequestCard) => number {
  const key = (card: RequestCard): [number, number, number] => {
    const next = nextStep(card, nowMs);
    return [next.group, TIER_RANK[card.tier] ?? 9, next.dueMs ?? Number.MAX_SAFE_INTEGER];
  };
  return (a, b) => {
    const [x, y] = [key(a), key(b)];
    return x[0] - y[0] || x[1] - y[1] || x[2] - y[2] || a.id.localeCompare(b.id);
  };
}

export type Filter = 'all' | 'act' | 'mine' | 'unowned' | 'moving';

export function passes(card: RequestCard, filter: Filter, me: string, nowMs: number): boolean {
  switch (filter) {
    case 'all':
      return true;
    case 'act':
      return nextStep(card, nowMs).group <= 1 || (needsFollowUp(card) && card.follow_up_due_ms! < nowMs);
    case 'mine':
      return card.owner === me;
    case 'unowned':
      return card.owner === null;
    case 'moving':
      return nextStep(card, nowMs).group === 3;
  }
}

/** What keeps the order that a hand is pointing at: new ones come last, until the order may change again. */
export function steady<T extends { id: string }>(sorted: readonly T[], before: readonly string[]): T[] {
  const place = new Map(before.map((id, index) => [id, index]));
  const kept = sorted.filter(({ id }) => place.has(id)).sort((a, b) => place.get(a.id)! - place.get(b.id)!);
  return [...kept, ...sorted.filter(({ id }) => !place.has(id))];
}
