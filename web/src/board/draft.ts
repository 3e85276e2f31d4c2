import type { NewRequest, RequestDetail, Risk, Triage } from '../api/doors';
import { noneAsked } from './hazards';
import { CSSRS, RISKS } from './risk';

/** A half-written request: what the form holds, and what is sent of it. Pure. */

export interface Draft {
  /** Ids made once, so that sending twice opens one request. */
  request: string;
  commandId: string;
  body: NewRequest;
  custody: boolean;
  placed: boolean;
}

const all = <K extends string>(names: readonly K[]): Record<K, 'unknown'> => Object.fromEntries(names.map((name) => [name, 'unknown'])) as Record<K, 'unknown'>;

export function emptyDraft(newId: () => string, nowMs: number): Draft {
  const request = newId();
  const risk: Risk = { cssrs: all(CSSRS), ...all(RISKS), imminent: 'unknown' };
  return {
    request,
    commandId: newId(),
    custody: false,
    placed: false,
    body: {
      request,
      place: '',
      lon: 0,
      lat: 0,
      urgency: 3,
      needs: { words: ['adult', 'voluntary'], team: true, place: 'possible', van: 'possible', pool_types: [], slot: false, seats: 1, facility: null },
      risk,
      person: {
        name: null, date_of_birth: null, address: null, callback: null, third_party: false, caller_name: null, interpreter: null,
        guardian_name: null, guardian_phone: null, problem: null, violence_history: null, substance_history: null, weapons: null, dogs: null, police_plan: null, premises: null, infection: null,
      },
      custody: { basis: 'officer_hold', custodian: 'law_enforcement', transport_by: ['law_enforcement'], since_ms: nowMs },
      guardianship: { consent: 'not_reached', escort: null },
      hazards: noneAsked(),
      mine: true,
    },
  };
}

/** A call that paper tells of: the server asks for the time at which it came. */
export const writtenByHand = (draft: Draft): Draft => ({ ...draft, body: { ...draft.body, at_ms: null, downtime: true } });

/** A draft that was begun before an upgrade, with what the form asks besides now. */
export const grown = (kept: Draft): Draft => ({ ...kept, body: { ...kept.body, hazards: kept.body.hazards ?? noneAsked() } });

export const isMinor = (draft: Draft): boolean => draft.body.needs.words.some((term) => term === 'child' || term === 'adolescent');

const isForeign = (term: string): boolean => term.startsWith('lang_') && term !== 'lang_en';

/** What is known of a request, as a form to change it. */
export function draftOf(detail: RequestDetail, newId: () => string, nowMs: number): Draft {
  const empty = emptyDraft(newId, nowMs);
  const { risk, needs, person } = structuredClone({ risk: detail.risk, needs: detail.needs, person: detail.person });
  return {
    ...empty,
    placed: true,
    custody: detail.custody !== null,
    body: {
      ...empty.body,
      request: detail.card.id,
      urgency: detail.card.urgency,
      risk,
      hazards: { ...detail.hazards },
      needs,
      person: { ...person, interpreter: person.interpreter ?? needs.words.find(isForeign) ?? null },
      custody: structuredClone(detail.custody) ?? empty.body.custody,
      guardianship: structuredClone(detail.guardianship) ?? empty.body.guardianship,
    },
  };
}

/** Only what was changed: what a colleague learnt meanwhile is not written over. Null where nothing was. */
export function learnt(before: Draft, after: Draft): Triage | null {
  const [was, is] = [toSend(before), toSend(after)];
  const changed = <K extends keyof NewRequest>(part: K): NewRequest[K] | null => (JSON.stringify(was[part]) === JSON.stringify(is[part]) ? null : is[part]);
  const found: Triage = { risk: changed('risk'), urgency: changed('urgency'), needs: changed('needs'), custody: changed('custody'), guardianship: changed('guardianship'), person: changed('person'), hazards: changed('hazards') };
  return Object.values(found).some((part) => part !== null) ? found : null;
}

/**
 * What sets a change back. Null where somebody has changed the same since (`now`), and where something
 * was begun by it that the server does not forget, such as a custody.
 */
export function setBack(before: Draft, after: Draft, now: Draft): Triage | null {
  const done = learnt(before, after) ?? {};
  const back = learnt(after, before) ?? {};
  const since = learnt(dialled(after), dialled(now)) ?? {};
  const mine = (Object.keys(done) as (keyof Triage)[]).filter((part) => done[part] !== null);
  return mine.length && mine.every((part) => back[part] != null && since[part] == null) ? back : null;
}

/** The server keeps a number as its digits. */
function dialled(draft: Draft): Draft {
  const callback = draft.body.person.callback?.replace(/\D/g, '') || null;
  return { ...draft, body: { ...draft.body, person: { ...draft.body.person, callback } } };
}

/** What the server hears: empty texts are unknown, and only what applies is said. */
export function toSend(draft: Draft): NewRequest {
  const person = Object.fromEntries(
    Object.entries(draft.body.person).map(([name, value]) => [name, typeof value === 'string' ? value.trim() || null : value]),
  ) as unknown as NewRequest['person'];
  const words = new Set(draft.body.needs.words.filter((term) => !isForeign(term)));
  if (person.interpreter) words.add(person.interpreter);
  if (draft.custody) {
    words.delete('voluntary');
    words.add('involuntary');
  }
  return {
    ...draft.body,
    person,
    needs: { ...draft.body.needs, words: [...words].sort() },
    custody: draft.custody ? draft.body.custody : null,
    guardianship: isMinor(draft) ? draft.body.guardianship : null,
  };
}

/** Words of one group exclude each other: a person is of one age. */
export function choosePopulation(words: readonly string[], population: readonly string[], chosen: string): string[] {
  return [...words.filter((term) => !population.includes(term)), chosen];
}

export const toggle = <T extends string>(words: readonly T[], term: T): T[] => (words.includes(term) ? words.filter((each) => each !== term) : [...words, term]);
