import type { RequestCard } from '../live/kinds';
import { call, newId } from './http';

/** The commands and questions of the screens; each command makes its own id, so that a retry is safe. */

export type YesNo = 'no' | 'unknown' | 'yes';
export type NeedLevel = 'none' | 'possible' | 'needed';

export const CSSRS = [
  'wish_to_be_dead',
  'suicidal_thoughts',
  'thoughts_of_method',
  'some_intent',
  'intent_with_plan',
  'behaviour_lifetime',
  'behaviour_3_months',
] as const;
export const RISKS = ['desire', 'intent', 'capability', 'buffers', 'violence', 'psychosis', 'overdose', 'danger_to_others'] as const;

export type Cssrs = Record<(typeof CSSRS)[number], YesNo>;
export type Risk = { cssrs: Cssrs; imminent: YesNo } & Record<(typeof RISKS)[number], YesNo>;

export interface Needs {
  words: string[];
  team: boolean;
  place: NeedLevel;
  van: NeedLevel;
  pool_types: string[];
  slot: boolean;
  seats: number;
  facility: string | null;
}

export interface Person {
  name: string | null;
  date_of_birth: string | null;
  address: string | null;
  callback: string | null;
  third_party: boolean;
  caller_name: string | null;
  interpreter: string | null;
  guardian_name: string | null;
  guardian_phone: string | null;
  problem: string | null;
  violence_history: string | null;
  substance_history: string | null;
  weapons: string | null;
  dogs: string | null;
  police_plan: string | null;
}

export interface Custody {
  basis: string;
  custodian: string;
  transport_by: string[];
  since_ms: number;
}

export interface Guardianship {
  consent: string;
  escort: string | null;
}

export interface NewRequest {
  request: string;
  place: string;
  lon: number;
  lat: number;
  urgency: number;
  needs: Needs;
  risk: Risk;
  person: Person;
  custody: Custody | null;
  guardianship: Guardianship | null;
  mine: boolean;
}

export interface Note {
  id: string;
  at_ms: number;
  author: string;
  text: string;
}

export interface RequestDetail {
  card: RequestCard;
  lon: number;
  lat: number;
  needs: Needs;
  risk: Risk;
  custody: Custody | null;
  guardianship: Guardianship | null;
  person: Person;
  notes: Note[];
  facility_by: string | null;
  overdue: string[];
}

export interface Bundle {
  team: string | null;
  van: string | null;
  pool: string | null;
  slot: string | null;
  backup: string | null;
}

export interface Seen {
  kind: string;
  id: string;
  version: number;
}

export interface Choice {
  bundle: Bundle;
  seen: Seen[];
  eta_ms: number | null;
  arrive_ms: number | null;
}

export interface UnmetNeed {
  id: string;
  request: string;
  at_ms: number;
  kind: string;
  resource: string | null;
  reason: string;
  decided_by: string;
  recorded_by: string;
  protected: boolean;
}

export interface Shared {
  id: string;
  place: string;
  address: string | null;
  lon: number;
  lat: number;
  weapons: string | null;
  dogs: string | null;
  police_plan: string | null;
}

const command = (path: string, body: object = {}): Promise<unknown> => call('POST', path, { command_id: newId(), ...body });
const at = (request: string, act: string): string => `/v1/requests/${encodeURIComponent(request)}/${act}`;

export const openRequest = (request: NewRequest, commandId: string): Promise<unknown> =>
  call('POST', '/v1/requests', { command_id: commandId, ...request });
export const readRequest = (request: string): Promise<RequestDetail> => call('GET', `/v1/requests/${encodeURIComponent(request)}`);
export const duplicates = (request: string): Promise<{ items: RequestCard[] }> => call('GET', at(request, 'duplicates'));
export const readShared = (): Promise<{ items: Shared[] }> => call('GET', '/v1/shared');

export const own = (request: string, owner?: string): Promise<unknown> => command(at(request, 'own'), owner ? { owner } : {});
export const accept = (request: string, choice: Choice, reason?: string): Promise<unknown> =>
  command(at(request, 'accept'), { ...choice, ...(reason ? { reason } : {}) });
export const override = (request: string, choice: Choice, reason: string): Promise<unknown> =>
  command(at(request, 'override'), { ...choice, reason });
export const facilityAnswer = (request: string, answer: 'accepted' | 'declined', by_name: string, reason: string | null, by_phone: boolean): Promise<unknown> =>
  command(at(request, 'facility-answer'), { answer, by_name, reason, by_phone });
export const crewAnswer = (request: string, answer: 'acknowledged' | 'declined', by_name: string, reason: string | null, by_phone: boolean): Promise<unknown> =>
  command(at(request, 'crew-answer'), { answer, by_name, reason, by_phone });
export const step = (request: string, name: string): Promise<unknown> => command(at(request, 'steps'), { step: name });
export const askPlace = (request: string, choice: Partial<Bundle> = {}): Promise<unknown> => command(at(request, 'ask-place'), choice);
export const resolve = (request: string, outcome: string, safety_plan: boolean, reason: string | null): Promise<unknown> =>
  command(at(request, 'resolve'), { outcome, safety_plan, reason });
export const cancel = (request: string, reason: string): Promise<unknown> => command(at(request, 'cancel'), { reason });
export const note = (request: string, text: string): Promise<unknown> => command(at(request, 'notes'), { text });
export const join = (request: string, into: string): Promise<unknown> => command(at(request, 'join'), { into });
export const share = (request: string, reason: string): Promise<unknown> => command(at(request, 'share'), { reason });
export const callRescue = (request: string): Promise<unknown> => command(at(request, 'rescue'));
export const rescueConfirmed = (request: string, by_name: string): Promise<unknown> => command(at(request, 'rescue-confirmed'), { by_name });
export const handOver = (to: string, source?: string): Promise<{ requests: string[] }> =>
  call('POST', '/v1/hand-over', { command_id: newId(), to, ...(source ? { source } : {}) });
export const unmetNeeds = (): Promise<{ items: UnmetNeed[] }> => call('GET', '/v1/unmet-needs');

export const refer = (request: string, slot: string, person: { name: string; phone: string; note: string }): Promise<unknown> =>
  call('POST', '/v1/referrals', { command_id: newId(), referral: newId(), request, slot, person });
export const referralAct = (referral: string, act: 'acknowledge' | 'attended' | 'no-show'): Promise<unknown> =>
  command(`/v1/referrals/${encodeURIComponent(referral)}/${act}`);
export const endReferral = (referral: string, outcome: string): Promise<unknown> =>
  command(`/v1/referrals/${encodeURIComponent(referral)}/end`, { outcome });
export const outreachAttempt = (task: string, contact: string, text: string): Promise<unknown> =>
  command(`/v1/tasks/${encodeURIComponent(task)}/attempts`, { contact, note: text });
