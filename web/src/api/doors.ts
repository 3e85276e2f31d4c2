import { data, newId, server } from './http';
import type { ClosureShape } from '../board/closing';
import type { components } from './schema';

/** The commands and questions of the screens; each command makes its own id. */

type Schemas = components['schemas'];
type Body<T> = Omit<T, 'command_id'>;
type Step = Schemas['Step']['step'];
type Outcome = Schemas['Resolve']['outcome'];

export type Risk = Schemas['Risk'];
export type YesNo = Risk['imminent'];
export type Hazards = Schemas['Hazards'];
export type NeedLevel = Schemas['Needs']['place'];
export type NewRequest = Body<Schemas['NewRequest']>;
export type Triage = Body<Schemas['Triage']>;
export type RequestDetail = Schemas['RequestDetail'];
export type Duplicate = Schemas['Duplicate'];
export type Colleague = Schemas['Colleague'];
export type Bundle = Schemas['Bundle'];
export type Choice = Pick<Schemas['Accept'], 'bundle' | 'seen' | 'eta_ms' | 'arrive_ms'>;
export type UnmetNeed = Schemas['UnmetNeed'];
export type SharedRequest = Schemas['SharedRequest'];
export type Expected = Schemas['Expected'];

const of = (request: string): { path: { request: string } } => ({ path: { request } });
const command = <B extends object>(body: B): B & { command_id: string } => ({ command_id: newId(), ...body });

export const openRequest = (request: NewRequest, command_id: string) => data(server.POST('/v1/requests', { body: { command_id, ...request } }));
export const readRequest = (request: string): Promise<RequestDetail> => data(server.GET('/v1/requests/{request}', { params: of(request) }));
export const duplicates = async (request: string): Promise<Duplicate[]> => (await data(server.GET('/v1/requests/{request}/duplicates', { params: of(request) }))).items;
export const readShared = (request: string): Promise<SharedRequest> => data(server.GET('/v1/requests/{request}/shared', { params: of(request) }));
export const colleagues = async (): Promise<Colleague[]> => (await data(server.GET('/v1/colleagues'))).items;
export const unmetNeeds = async (): Promise<UnmetNeed[]> => (await data(server.GET('/v1/unmet-needs'))).items;

export const triage = (request: string, known: Triage) => data(server.POST('/v1/requests/{request}/triage', { params: of(request), body: command(known) }));
export const own = (request: string) => data(server.POST('/v1/requests/{request}/own', { params: of(request), body: command({ owner: null }) }));
export const disown = (request: string, to: string | null) => data(server.POST('/v1/requests/{request}/disown', { params: of(request), body: command({ to }) }));
export const hearAlarm = (request: string) => data(server.POST('/v1/requests/{request}/alarm-heard', { params: of(request), body: command({}) }));
export const takeBack = (request: string) => data(server.POST('/v1/requests/{request}/take-back', { params: of(request), body: command({}) }));
export const accept = (request: string, choice: Choice) => data(server.POST('/v1/requests/{request}/accept', { params: of(request), body: command({ ...choice, reason: null }) }));
export const override = (request: string, choice: Choice, reason: string, divert: boolean) =>
  data(server.POST('/v1/requests/{request}/override', { params: of(request), body: command({ ...choice, reason, divert }) }));
export const facilityAnswer = (request: string, body: Body<Schemas['FacilityAnswer']>) =>
  data(server.POST('/v1/requests/{request}/facility-answer', { params: of(request), body: command(body) }));
export const crewAnswer = (request: string, body: Body<Schemas['CrewAnswer']>) =>
  data(server.POST('/v1/requests/{request}/crew-answer', { params: of(request), body: command(body) }));
export const step = (request: string, name: Step) => data(server.POST('/v1/requests/{request}/steps', { params: of(request), body: command({ step: name }) }));
export const askPlace = (request: string) =>
  data(server.POST('/v1/requests/{request}/ask-place', { params: of(request), body: command({ pool: null, slot: null, van: null, backup: null, seen: [], arrive_ms: null }) }));
export const resolve = (request: string, outcome: Outcome, safety_plan: boolean, reason: string | null) =>
  data(server.POST('/v1/requests/{request}/resolve', { params: of(request), body: command({ outcome, safety_plan, reason }) }));
export const cancel = (request: string, reason: string) => data(server.POST('/v1/requests/{request}/cancel', { params: of(request), body: command({ reason }) }));
export const settle = (request: string, how: Schemas['Settle']['how'], reason: string | null) => data(server.POST('/v1/requests/{request}/settle', { params: of(request), body: command({ how, reason }) }));
export const note = (request: string, text: string) => data(server.POST('/v1/requests/{request}/notes', { params: of(request), body: command({ text }) }));
export const join = (request: string, into: string) => data(server.POST('/v1/requests/{request}/join', { params: of(request), body: command({ into }) }));
export const share = (request: string, reason: string) => data(server.POST('/v1/requests/{request}/share', { params: of(request), body: command({ reason }) }));
export const callRescue = (request: string) => data(server.POST('/v1/requests/{request}/rescue', { params: of(request), body: command({}) }));
export const rescueConfirmed = (request: string, by_name: string) =>
  data(server.POST('/v1/requests/{request}/rescue-confirmed', { params: of(request), body: command({ by_name }) }));
export const handOver = async (to: string, source: string | null = null): Promise<string[]> => (await data(server.POST('/v1/hand-over', { body: command({ to, source }) }))).requests;

export type Packet = Schemas['Packet'];
export const readPacket = (request: string): Promise<Packet> => data(server.GET('/v1/requests/{request}/packet', { params: of(request) }));
export const reportPositions = (positions: Schemas['PositionReport']['positions']) => data(server.POST('/v1/positions', { body: { source: 'phone', positions } }));
export const takeCheckIn = (request: string) => data(server.POST('/v1/requests/{request}/check-in-taken', { params: of(request), body: command({}) }));
export const allWellByPhone = (request: string, by_name: string) =>
  data(server.POST('/v1/requests/{request}/all-well', { params: of(request), body: command({ by_name, by_phone: true, at_ms: null }) }));
export const acknowledgePanic = (panic: string) => data(server.POST('/v1/panics/{panic}/acknowledge', { params: { path: { panic } }, body: command({}) }));
export const endPanic = (panic: string, note: string) => data(server.POST('/v1/panics/{panic}/end', { params: { path: { panic } }, body: command({ note }) }));

export const referrals = async (): Promise<Schemas['Referral'][]> => (await data(server.GET('/v1/referrals'))).items;
export const refer = (request: string, slot: string, person: Expected) =>
  data(server.POST('/v1/referrals', { body: command({ referral: newId(), request, slot, person, warm_hand_off_indicated: false, warm_hand_off_received: false }) }));
export const expectedPerson = (referral: string): Promise<Expected> => data(server.GET('/v1/referrals/{referral}/person', { params: { path: { referral } } }));
export const acknowledge = (referral: string) => data(server.POST('/v1/referrals/{referral}/acknowledge', { params: { path: { referral } }, body: command({}) }));
export const attended = (referral: string) => data(server.POST('/v1/referrals/{referral}/attended', { params: { path: { referral } }, body: command({}) }));
export const noShow = (referral: string) => data(server.POST('/v1/referrals/{referral}/no-show', { params: { path: { referral } }, body: command({}) }));
export const undoReferral = (referral: string) => data(server.POST('/v1/referrals/{referral}/undo', { params: { path: { referral } }, body: command({}) }));
export const notTrue = (pool: string, withdrawn_ms: number, former_ms: number) =>
  data(server.POST('/v1/pools/{id}/not-true', { params: { path: { id: pool } }, body: command({ withdrawn_ms, former_ms }) }));
const referral = (id: string): { path: { referral: string } } => ({ path: { referral: id } });
export const rejectReferral = (id: string, reason: string) => data(server.POST('/v1/referrals/{referral}/reject', { params: referral(id), body: command({ reason }) }));
export const cancelReferral = (id: string, reason: string) => data(server.POST('/v1/referrals/{referral}/cancel', { params: referral(id), body: command({ reason }) }));
export const rebook = (id: string, slot: string) => data(server.POST('/v1/referrals/{referral}/rebook', { params: referral(id), body: command({ slot }) }));
export type AskRide = Pick<Schemas['AskRide'], 'at' | 'rider' | 'seats' | 'needs' | 'shares'>;
export const askRide = (id: string, wish: AskRide, there: boolean, home: boolean) =>
  data(server.POST('/v1/referrals/{referral}/rides', { params: referral(id), body: command({ ...wish, ride: there ? newId() : null, home: home ? newId() : null }) }));
export const rides = async (): Promise<Schemas['ScheduledRide'][]> => (await data(server.GET('/v1/rides'))).items;
/** `van`: the one that came, where that is not the one that has the ride. */
export const stepRide = (ride: string, step: Schemas['RideStep']['step'], van: string | null = null) => data(server.POST('/v1/rides/{ride}/steps', { params: { path: { ride } }, body: command({ step, van }) }));
export const cancelRide = (ride: string, reason: string) => data(server.POST('/v1/rides/{ride}/cancel', { params: { path: { ride } }, body: command({ reason }) }));
export type Rider = Schemas['Rider'];
export const readRider = (ride: string): Promise<Rider> => data(server.GET('/v1/rides/{ride}/person', { params: { path: { ride } } }));
export const endReferral = (referral: string, outcome: Schemas['EndReferral']['outcome']) =>
  data(server.POST('/v1/referrals/{referral}/end', { params: { path: { referral } }, body: command({ outcome }) }));
export const outreachAttempt = (task: string, contact: Schemas['Attempt']['contact'], text: string) =>
  data(server.POST('/v1/tasks/{task}/attempts', { params: { path: { task } }, body: command({ contact, note: text }) }));

export type MovingWay = Omit<Schemas['MovingWay'], 'line'> & { line: At[] };
export type Reached = Schemas['ReachAnswer'];
type At = readonly [lon: number, lat: number];
const spot = ([lon, lat]: At): Schemas['Spot'] => ({ lon, lat });
const lineOf = (points: number[][]): At[] => points.map(([lon, lat]) => [lon!, lat!]);
/** A line for each leg in its order; null where no road leads there. */
export const waysOf = async (legs: readonly { start: At; end: At }[]): Promise<(At[] | null)[]> => {
  const body = { legs: legs.map(({ start, end }) => ({ start: spot(start), end: spot(end) })) };
  return (await data(server.POST('/v1/routes', { body }))).items.map((way) => way && lineOf(way.line));
};
export const movingWays = async (): Promise<MovingWay[]> => (await data(server.GET('/v1/routes'))).items.map((way) => ({ ...way, line: lineOf(way.line) }));
export const reach = (at: At, limits_s: number[]): Promise<Reached> => data(server.POST('/v1/isochrones', { body: { at: spot(at), limits_s } }));
/** What a wall may ask: never of a position. */
export type ReachPlace = { facility: string } | { zone: string };
export const reachOf = (place: ReachPlace, limits_s: number[]): Promise<Reached> => data(server.POST('/v1/isochrones', { body: { ...place, limits_s } }));

export type NewClosure = Omit<Schemas['PutClosure'], 'command_id' | 'area' | 'from_ms'> & { area: ClosureShape };
const closure = (id: string): { path: { closure: string } } => ({ path: { closure: id } });
export const putClosure = (id: string, body: NewClosure) => data(server.PUT('/v1/closures/{closure}', { params: closure(id), body: command(body) }));
export const liftClosure = (id: string) => data(server.POST('/v1/closures/{closure}/lift', { params: closure(id), body: command({}) }));

export type WallToken = Schemas['WallToken'];
export const wallTokens = async (): Promise<WallToken[]> => (await data(server.GET('/v1/wall-tokens'))).items;
export const revokeWall = (wall: string) => data(server.DELETE('/v1/wall-tokens/{wall}', { params: { path: { wall } } }));
export const makeWallToken = (name: string) => data(server.POST('/v1/wall-tokens', { body: command({ name }) }));

export type KeptAccount = Schemas['KeptAccount'];
export const accounts = async (): Promise<KeptAccount[]> => (await data(server.GET('/v1/accounts'))).items;
export const makeAccount = (account: { name: string; role: KeptAccount['role']; scope: string | null; password: string }) =>
  data(server.POST('/v1/accounts', { body: command(account) }));
export const disableAccount = (id: string) => data(server.POST('/v1/accounts/{id}/disable', { params: { path: { id } }, body: command({}) }));
export const renewAccount = (id: string, password: string) => data(server.POST('/v1/accounts/{id}/password', { params: { path: { id } }, body: command({ password }) }));

/** What was written by hand while the system was away: with its true time, and checked for its order. */
const byHand = (at_ms: number): { at_ms: number; downtime: true } => ({ at_ms, downtime: true });
export const enterStep = (request: string, name: Step, at_ms: number) =>
  data(server.POST('/v1/requests/{request}/steps', { params: of(request), body: command({ step: name, ...byHand(at_ms) }) }));
export const enterOutcome = (request: string, outcome: Outcome, safety_plan: boolean, reason: string | null, at_ms: number) =>
  data(server.POST('/v1/requests/{request}/resolve', { params: of(request), body: command({ outcome, safety_plan, reason, ...byHand(at_ms) }) }));
/** A code says why they declined; null where they did not. */
export const enterCrewAnswer = (request: string, by_name: string, declined: string | null, at_ms: number) =>
  crewAnswer(request, { answer: declined ? 'declined' : 'acknowledged', by_name, reason: declined, by_phone: true, ...byHand(at_ms) });
export const enterFacilityAnswer = (request: string, by_name: string, declined: string | null, at_ms: number) =>
  facilityAnswer(request, { answer: declined ? 'declined' : 'accepted', by_name, reason: declined, by_phone: true, ...byHand(at_ms) });
/** What was assigned by hand is what a person chose, whatever is recommended now. */
export const enterAssignment = (request: string, { bundle, seen }: Choice, reason: string, at_ms: number) =>
  data(server.POST('/v1/requests/{request}/override', { params: of(request), body: command({ bundle, seen, reason, divert: false, ...byHand(at_ms) }) }));
export const enterNote = (request: string, text: string, at_ms: number) =>
  data(server.POST('/v1/requests/{request}/notes', { params: of(request), body: command({ text, ...byHand(at_ms) }) }));
export const downtimeBoard = (): Promise<string> => data(server.GET('/v1/board/downtime', { parseAs: 'text' }));
