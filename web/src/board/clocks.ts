import type { RequestCard, TaskCard } from '../live/kinds';
import { isEnded, isOwed, isWaiting } from './next';

/** Every clock that runs for somebody. Pure. */

export type ClockName = 'reach' | 'crew' | 'facility' | 'custody' | 'rescue' | 'checkIn' | 'follow' | 'outreach';

export interface RunningClock {
  id: string;
  what: ClockName;
  dueMs: number;
  card: RequestCard | null;
  owner: string | null;
}

const BEFORE_PERSON = new Set(['accepted', 'acknowledged', 'en_route']);

/** Clocks of open requests and outreach tasks: what is late longest comes first. */
export function clocks(cards: readonly RequestCard[], tasks: readonly TaskCard[], nowMs: number): RunningClock[] {
  const found = cards.filter((card) => isOwed(card) && !card.joined_to).flatMap(ofRequest);
  const outreach = tasks
    .filter((task) => task.closed_by === null)
    .map((task): RunningClock => ({ id: `outreach ${task.id}`, what: 'outreach', dueMs: task.due_ms, card: null, owner: task.provider }));
  return [...found, ...outreach].sort((a, b) => a.dueMs - nowMs - (b.dueMs - nowMs) || a.id.localeCompare(b.id));
}

function ofRequest(card: RequestCard): RunningClock[] {
  const clock = (what: ClockName, dueMs: number | null): RunningClock[] => (dueMs === null ? [] : [{ id: `${what} ${card.id}`, what, dueMs, card, owner: card.owner }]);
  return [
    ...(isWaiting(card) || BEFORE_PERSON.has(card.state) ? clock('reach', card.target_ms) : []),
    ...(card.crew_answer === 'asked' ? clock('crew', card.crew_due_ms) : []),
    ...(card.facility_answer === 'asked' ? clock('facility', card.answer_due_ms) : []),
    ...clock('checkIn', card.check_in_due_ms),
    ...(card.rescue === 'open' ? clock('rescue', card.rescue_due_ms) : []),
    ...(isEnded(card) ? clock('follow', card.follow_up_due_ms) : clock('custody', card.custody_due_ms)),
  ];
}
