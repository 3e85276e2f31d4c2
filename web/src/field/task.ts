import type { RequestCard, Team, Van } from '../live/kinds';

/** What a crew's page shows of its task: the server's word, advanced by what the phone has not sent yet. Pure. */

/** A driver's card has nothing clinical. */
export type Task = Omit<RequestCard, 'tier' | 'urgency' | 'needs' | 'rescue' | 'rescue_due_ms' | 'custody_due_ms'> & Partial<Pick<RequestCard, 'tier' | 'needs'>>;
export type Unit = Team | Van;

/** A command that waits on the phone; `at_ms` in its body is when it was pressed. */
export interface Kept {
  path: string;
  body: Record<string, unknown>;
}

export interface Shown {
  state: string;
  asked: boolean;
  /** Ended or declined on the phone, though the server may not know yet. */
  over: boolean;
  status: string;
  /** Why the unit is out of service, as it said. */
  outReason: string | null;
  wellMs: number | null;
  dueMs: number | null;
}

/** The task as the crew has left it: each waiting command moves it on. */
export function ahead(task: Task | undefined, status: string, waiting: readonly Kept[], outReason: string | null = null): Shown {
  const shown: Shown = {
    state: task?.state ?? '',
    asked: task?.state === 'accepted' && task.crew_answer === 'asked',
    over: task === undefined,
    status,
    outReason,
    wellMs: task?.check_in_from_ms ?? null,
    dueMs: task?.check_in_due_ms ?? null,
  };
  for (const { path, body } of waiting) {
    if (path.endsWith('/status')) {
      shown.status = String(body['status']);
      shown.outReason = (body['reason'] as string | undefined) ?? null;
    }
    if (!task || !path.startsWith(`/v1/requests/${task.id}/`)) continue;
    const at = Number(body['at_ms']);
    if (path.endsWith('/crew-answer')) answered(shown, body['answer'] === 'acknowledged');
    else if (path.endsWith('/steps')) stepped(shown, String(body['step']));
    else if (path.endsWith('/resolve')) shown.over = true;
    else if (path.endsWith('/all-well') && shown.wellMs !== null && shown.dueMs !== null) {
      shown.dueMs += at - shown.wellMs;
      shown.wellMs = at;
    }
  }
  return shown;
}

function answered(shown: Shown, yes: boolean): void {
  shown.asked = false;
  if (yes) shown.state = 'acknowledged';
  else shown.over = true;
}

function stepped(shown: Shown, step: string): void {
  shown.asked = false;
  shown.state = step;
  if (step === 'handed_over') shown.over = true;
  if (step !== 'on_scene') shown.wellMs = shown.dueMs = null;
}

/** The one thing that comes next. `visit`: the visit ends here, one way or another. */
export type Next =
  | { kind: 'answer' }
  | { kind: 'step'; step: 'en_route' | 'on_scene' | 'transporting' | 'arrived' | 'handed_over' }
  | { kind: 'status'; status: 'en_route' | 'on_scene' | 'available' }
  | { kind: 'visit' }
  | { kind: 'wait' }
  | null;

/** `driver`: a van beside a team reports its own status until the person rides. `dropsOff`: somebody of a scheduled ride comes before the break. */
export function nextOf(task: Task | undefined, shown: Shown, driver: boolean, dropsOff = false): Next {
  if (!task || shown.over) return dropsOff ? null : idle(shown.status);
  if (driver && task.team !== null && !RIDING.has(shown.state)) return beside(shown);
  if (shown.asked) return { kind: 'answer' };
  switch (shown.state) {
    case 'accepted':
    case 'acknowledged':
      return { kind: 'step', step: 'en_route' };
    case 'en_route':
      return { kind: 'step', step: 'on_scene' };
    case 'on_scene':
      return task.place_claimed ? { kind: 'step', step: 'transporting' } : { kind: 'visit' };
    case 'transporting':
      return { kind: 'step', step: 'arrived' };
    case 'arrived':
      return { kind: 'step', step: 'handed_over' };
    default:
      return { kind: 'wait' };
  }
}

const RIDING = new Set(['transporting', 'arrived']);

function beside(shown: Shown): Next {
  if (shown.state === 'on_scene' && shown.status === 'on_scene') return { kind: 'step', step: 'transporting' };
  if (shown.status === 'dispatched' || shown.status === 'available') return { kind: 'status', status: 'en_route' };
  return shown.status === 'en_route' ? { kind: 'status', status: 'on_scene' } : { kind: 'wait' };
}

function idle(status: string): Next {
  return status === 'clearing' || status === 'out_of_service' || status === 'at_facility' ? { kind: 'status', status: 'available' } : null;
}
