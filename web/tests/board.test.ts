import { describe, expect, it } from 'vitest';
import { clocks } from '../src/board/clocks';
import { choosePopulation, draftOf, emptyDraft, isMinor, learnt, setBack, toSend } from '../src/board/draft';
import { late } from '../src/board/late';
import { byNextStep, isAlarm, isOwed, needsFollowUp, nextStep, passes, sounds, steady } from '../src/board/next';
import { nearest } from '../src/board/nearest';
import { personMap } from '../src/board/personmap';
import { nearestTown, readCoordinates, suggest } from '../src/board/places';
import { reference } from '../src/board/reference';
import { bedCount, total, topTier, waitingByTier, wallMarks, besideCloser } from '../src/board/wall';
import type { RequestCard, TaskCard, Team, WallFacility, WallZone } from '../src/live/kinds';
import { Trails } from '../src/board/trails';
import { visible } from '../src/map/scene';
import { w } from '../src/words';

const NOW = 1_000_000_000;
const card = (change: Partial<RequestCard> = {}): RequestCard => ({
  id: 'r', version: 1, state: 'recommended', tier: 'moderate', urgency: 2, zone: 'weber', place: 'Ogden', opened_ms: NOW - 60_000, target_ms: NOW + 600_000, owner: 'ana',
  team: null, van: null, pool: null, slot: null, place_need: 'possible', eta_ms: null, arrive_ms: null, crew_answer: null, facility_answer: null, answer_due_ms: null,
  escalated: false, custody_due_ms: null, needs: ['adult'], rescue: null, shared_le: false, self_transport: false, joined_to: null,
  backup: null, van_need: 'possible', place_claimed: false, crew_due_ms: null, alarm_heard: null, check_in_from_ms: null, check_in_due_ms: null, check_in_taken_by: null, overdue: [], raised: [], calls: [], rescue_due_ms: null, ended_ms: null, follow_up_due_ms: null, settled: null, ...change,
});

describe('what must be done next', () => {
  it('is to take an imminent request that nobody owns, above all', () => {
    const alarm = card({ id: 'z', tier: 'imminent', owner: null });
    expect(isAlarm(alarm)).toBe(true);
    expect(nextStep(alarm, NOW).group).toBe(0);
    expect([card({ target_ms: 0 }), alarm].sort(byNextStep(NOW))[0]!.id).toBe('z');
  });
  it('is quiet, and still an alarm, once somebody has heard it by name', () => {
    const heard = card({ tier: 'imminent', owner: null, alarm_heard: { by: 'Dana', at_ms: NOW, until_ms: NOW + 120_000 } });
    expect([isAlarm(heard), sounds(heard)]).toEqual([true, false]);
    expect(sounds(card({ tier: 'imminent', owner: null }))).toBe(true);
  });
  it('is no alarm once somebody owns it or it has ended', () => {
    expect(isAlarm(card({ tier: 'imminent' }))).toBe(false);
    expect(isAlarm(card({ tier: 'imminent', owner: null, state: 'cancelled' }))).toBe(false);
  });
  it.each([
    [{ state: 'requested' }, w.next.plan],
    [{ state: 'recommended' }, w.next.accept],
    [{ owner: null }, w.next.own],
    [{ state: 'accepted', crew_answer: 'asked', crew_due_ms: NOW + 1 }, w.next.crewAsked],
    [{ state: 'accepted', crew_answer: 'asked', crew_due_ms: NOW - 1 }, w.next.askCrew],
    [{ state: 'en_route', facility_answer: 'asked', answer_due_ms: NOW - 1 }, w.next.askFacility],
    [{ state: 'en_route', facility_answer: 'declined' }, w.next.facilityDeclined],
    [{ state: 'arrived' }, w.next.handOver],
    [{ state: 'en_route', rescue: 'open' }, w.next.rescue],
  ] as [Partial<RequestCard>, string][])('of %o is: %s', (change, text) => expect(nextStep(card(change), NOW).text).toBe(text));

  it('is not to wait for a planner that gives no sign', () => {
    expect(nextStep(card({ state: 'requested' }), NOW, false).text).toBe(w.next.byHand);
    expect(nextStep(card(), NOW, false).text).toBe(w.next.accept);
  });

  it('sorts by hand needed, tier, clock, then id', () => {
    const ids = [
      card({ id: 'd', state: 'en_route', tier: 'high' }),
      card({ id: 'c', target_ms: NOW + 900 }),
      card({ id: 'b', target_ms: NOW + 100 }),
      card({ id: 'a', tier: 'high', target_ms: NOW + 9_000 }),
    ].sort(byNextStep(NOW)).map((each) => each.id);
    expect(ids).toEqual(['a', 'b', 'c', 'd']);
  });
  it('is filtered by owner and by what is under way', () => {
    expect(passes(card(), 'mine', 'ana', NOW)).toBe(true);
    expect(passes(card(), 'mine', 'ben', NOW)).toBe(false);
    expect(passes(card({ owner: null }), 'unowned', 'ben', NOW)).toBe(true);
    expect(passes(card({ state: 'en_route' }), 'moving', 'ana', NOW)).toBe(true);
    expect(passes(card({ state: 'en_route' }), 'act', 'ana', NOW)).toBe(false);
  });
});

describe('running clocks', () => {
  it('come latest first, and stop with the request', () => {
    const task = { id: 't', due_ms: NOW - 5, closed_by: null, provider: 'p' } as TaskCard;
    const running = clocks([card({ id: 'a' }), card({ id: 'b', state: 'handed_over' }), card({ id: 'c', custody_due_ms: NOW - 50 })], [task], NOW);
    expect(running.map((each) => each.id)).toEqual(['custody c', 'outreach t', 'reach a', 'reach c']);
  });
});

describe('a half-written request', () => {
  let made = 0;
  const draft = emptyDraft(() => `id-${made++}`, NOW);
  it('has its ids from the start and knows nothing yet', () => {
    expect(draft.body.request).toBe(draft.request);
    expect(draft.body.risk.imminent).toBe('unknown');
    expect(Object.values(draft.body.risk.cssrs)).toEqual(Array(7).fill('unknown'));
  });
  it('sends empty texts as unknown and only what applies', () => {
    const sent = toSend({ ...draft, body: { ...draft.body, person: { ...draft.body.person, name: '  ', interpreter: 'lang_es' } } });
    expect(sent.person.name).toBeNull();
    expect(sent.needs.words).toContain('lang_es');
    expect([sent.custody, sent.guardianship]).toEqual([null, null]);
  });
  it('is involuntary only with its legal basis', () => {
    const sent = toSend({ ...draft, custody: true });
    expect(sent.needs.words).toContain('involuntary');
    expect(sent.needs.words).not.toContain('voluntary');
    expect(sent.custody?.basis).toBe('officer_hold');
  });
  it('asks for a guardian when the person is a minor', () => {
    const words = choosePopulation(draft.body.needs.words, ['child', 'adolescent', 'adult', 'older_adult'], 'child');
    const minor = { ...draft, body: { ...draft.body, needs: { ...draft.body.needs, words } } };
    expect(words).toEqual(['voluntary', 'child']);
    expect(isMinor(minor)).toBe(true);
    expect(toSend(minor).guardianship?.consent).toBe('not_reached');
  });
});

describe('a place', () => {
  const towns = [
    { name: 'Salt Lake City', at: [-111.89, 40.76] as const, population: 200_000 },
    { name: 'Ogden', at: [-111.97, 41.22] as const, population: 87_000 },
    { name: 'South Salt Lake', at: [-111.88, 40.71] as const, population: 26_000 },
  ];
  const bounds = [-114.05, 36.99, -109.04, 42.0] as const;
  it('may be typed as coordinates in either order, inside the region', () => {
    expect(readCoordinates('41.22, -111.97', bounds)).toEqual([-111.97, 41.22]);
    expect(readCoordinates('-111.97 41.22', bounds)).toEqual([-111.97, 41.22]);
    expect(readCoordinates('48.8, 2.3', bounds)).toBeNull();
    expect(readCoordinates('Ogden', bounds)).toBeNull();
  });
  it('is suggested by its beginning before its middle', () => expect(suggest('salt', towns).map((each) => each.name)).toEqual(['Salt Lake City', 'South Salt Lake']));
  it('that was clicked belongs to the nearest town', () => expect(nearestTown([-111.9, 41.2], towns)).toBe('Ogden'));
});

describe('the wall', () => {
  const zone = (change: Partial<WallZone>): WallZone => ({ id: 'z', name: 'Z', lon: 0, lat: 0, waiting: {}, oldest_ms: null, teams_free: 0, teams_committed: 0, beds_free: 0, ...change });
  const limits = { fresh_s: 60, ageing_s: 600, stale_s: 6_000 };
  const facility = (change: Partial<WallFacility>): WallFacility => ({ id: 'f', name: 'F', zone: 'z', lon: 0, lat: 0, free: 3, capacity: 8, confirmed_ms: NOW, paused: false, overcommitted: false, ...change });

  it('adds hidden counts without telling them', () => {
    expect(total([3, 4])).toBe('7');
    expect(total(['<3'])).toBe('<3');
    expect(total([4, '<3'])).toBe('5+');
    expect(total([])).toBe('0');
    expect(waitingByTier([zone({ waiting: { high: '<3' } }), zone({ waiting: { high: 3 } })])[1]).toEqual({ tier: 'high', count: '4+' });
  });
  it('shows a zone by its highest tier, and none where nobody waits', () => {
    expect(topTier(zone({ waiting: { routine: 5, high: '<3' } }))).toBe('high');
    expect(wallMarks([zone({})], [], [], [], limits, NOW)).toEqual([]);
  });
  it('counts beds by the age of the word, and none of a paused or overcommitted place', () => {
    const places = [facility({}), facility({ confirmed_ms: NOW - 120_000 }), facility({ confirmed_ms: NOW - 7_000_000 }), facility({ paused: true }), facility({ overcommitted: true })];
    expect(bedCount(places, limits, NOW)).toEqual({ free: 3, ageing: 3, stale: 3 });
  });
});

describe('the map of one person', () => {
  const team = (id: string): Team => ({ id, name: id, lon: -111.9, lat: 40.7, position_ms: NOW, status: 'available' }) as Team;
  it('shows candidates and fades the rest', () => {
    const plan = { team: 'a', van: null, pool: null, team_eta_s: 600, arrive_s: null, alternatives: [{ team: 'b', van: null, pool: null }], backup: null } as never;
    const { scene, bounds } = personMap({ teams: ['a', 'b', 'c'].map(team), vans: [], pools: [], limits: { fresh_s: 1, ageing_s: 2, stale_s: 3 }, nowMs: NOW, trails: new Trails(), timeOfDay: () => '03:30', way: () => null, moving: [], areas: [] }, card(), [-111.8, 40.8], plan, null);
    expect(scene.marks.filter((mark) => mark.faded).map((mark) => mark.id)).toEqual(['c']);
    expect(scene.routes).toMatchObject([{ id: 'team a r', label: '10 min' }, { id: 'team b r', faded: true }]);
    expect(bounds![0]).toBeLessThan(-111.9);
  });
  it('keeps a free team with an old position, and lists only a lost one under way', () => {
    const old = (id: string, status: Team['status']): Team => ({ ...team(id), status, position_ms: NOW - 3_600_000 });
    const { scene } = personMap({ teams: [old('home', 'available'), old('lost', 'en_route')], vans: [], pools: [], limits: { fresh_s: 1, ageing_s: 2, stale_s: 3 }, nowMs: NOW, trails: new Trails(), timeOfDay: () => '03:30', way: () => null, moving: [], areas: [] }, null, null, null, null);
    expect(visible(scene.marks).map((mark) => mark.id)).toEqual(['home']);
  });
  it('looks nowhere in particular when nobody is chosen', () => {
    const { scene, bounds } = personMap({ teams: [team('a')], vans: [], pools: [], limits: { fresh_s: 1, ageing_s: 2, stale_s: 3 }, nowMs: NOW, trails: new Trails(), timeOfDay: () => '03:30', way: () => null, moving: [], areas: [] }, null, null, null, null);
    expect(bounds).toBeNull();
    expect(scene.marks[0]!.faded).toBe(false);
  });
});

describe('a postal code', () => {
  const town = { name: 'Ogden', at: [-111.97, 41.22] as const, population: 87_000 };
  const zips = [{ name: '84401', at: [-111.98, 41.22] as const, population: 0 }, { name: '84770', at: [-113.6, 37.1] as const, population: 0 }];
  it('is found by its first digits and named with its town', () => {
    expect(suggest('844', [town], zips)).toEqual([{ name: 'Ogden 84401', at: [-111.98, 41.22] }]);
  });
  it('stays a number where no code begins so', () => expect(suggest('99999', [town], zips)).toEqual([]));
});

describe('the whole region beside a closer look', () => {
  const at = (id: string, shape: 'team' | 'waiting', lon: number) => ({ id, shape, place: [lon, 0] as const, tone: 'free' as const });
  const marks = [at('in', 'team', 0), at('out', 'team', 5), at('waits', 'waiting', 0)];
  it('leaves to the closer map what that draws, but never the waiting', () => {
    expect(besideCloser({ marks, routes: [] }, [-1, -1, 1, 1]).marks.map(({ id }) => id)).toEqual(['out', 'waits']);
  });
  it('draws everything where there is no closer look', () => expect(besideCloser({ marks, routes: [] }, null).marks).toHaveLength(3));
});

describe('what was learnt after opening', () => {
  const opened = emptyDraft(() => 'id', NOW);
  const detail = (words: string[]) =>
    ({ card: card(), lon: 0, lat: 0, notes: [], unmet: [], choices: [], facility_by: null, custody: null, guardianship: null, risk: opened.body.risk, needs: { ...opened.body.needs, words }, person: opened.body.person }) as unknown as Parameters<typeof draftOf>[0];
  const edit = (words: string[], change: (draft: ReturnType<typeof emptyDraft>) => void) => {
    const before = draftOf(detail(words), () => 'id', NOW);
    const after = structuredClone(before);
    change(after);
    return learnt(before, after);
  };
  it('is nothing where nothing was changed', () => expect(edit(['adult', 'voluntary', 'lang_es'], () => {})).toBeNull());
  it('is the changed part alone', () => {
    const known = edit(['adult'], (draft) => (draft.body.risk.imminent = 'yes'))!;
    expect(known.risk?.imminent).toBe('yes');
    expect([known.needs, known.person, known.urgency, known.custody, known.guardianship]).toEqual([null, null, null, null, null]);
  });
  it('takes a language away with its interpreter', () => {
    const known = edit(['adult', 'lang_es'], (draft) => (draft.body.person.interpreter = null))!;
    expect(known.needs?.words).toEqual(['adult']);
  });
  it('makes the person involuntary with a custody', () => {
    const known = edit(['adult', 'voluntary'], (draft) => (draft.custody = true))!;
    expect(known.needs?.words).toEqual(['adult', 'involuntary']);
    expect(known.custody?.basis).toBe('officer_hold');
  });
});

describe('setting back what was learnt', () => {
  const known = emptyDraft(() => 'id', NOW);
  const changed = (change: (draft: typeof known) => void, from = known) => {
    const draft = structuredClone(from);
    change(draft);
    return draft;
  };
  const slip = changed((draft) => (draft.body.urgency = 4));
  it('sends the changed part as it was', () => expect(setBack(known, slip, slip)).toMatchObject({ urgency: 3, risk: null, person: null }));
  it('leaves alone what a colleague has learnt elsewhere since', () => {
    expect(setBack(known, slip, changed((draft) => (draft.body.risk.imminent = 'yes'), slip))).toMatchObject({ urgency: 3, risk: null });
  });
  it('is refused where a colleague has changed the same since', () => expect(setBack(known, slip, changed((draft) => (draft.body.urgency = 1)))).toBeNull());
  it('is refused where a custody was begun, which cannot be unsaid', () => {
    const custody = changed((draft) => (draft.custody = true));
    expect(setBack(known, custody, custody)).toBeNull();
  });
  it('takes a number for the same however it was written', () => {
    const written = changed((draft) => (draft.body.person.callback = '801-555-0199'));
    const kept = changed((draft) => (draft.body.person.callback = '8015550199'));
    expect(setBack(changed((draft) => (draft.body.person.callback = '8015550111')), written, kept)?.person?.callback).toBe('8015550111');
  });
});

describe('what is owed after the end', () => {
  const followed = card({ state: 'handed_over', follow_up_due_ms: NOW + 5 });
  it('is the follow-up, with its clock, until it is settled', () => {
    expect(nextStep(followed, NOW)).toEqual({ group: 4, text: w.next.follow, dueMs: NOW + 5 });
    expect([followed, card({ state: 'handed_over', settled: 'declined' })].map(needsFollowUp)).toEqual([true, false]);
    expect(isOwed(card({ state: 'cancelled' }))).toBe(false);
  });
  it('is to do once its clock has run out', () => {
    expect(passes(followed, 'act', 'ana', NOW)).toBe(false);
    expect(passes(followed, 'act', 'ana', NOW + 6)).toBe(true);
    expect(clocks([followed], [], NOW).map(({ what }) => what)).toEqual(['follow']);
  });
  it('is the rescue first, where one was called and not confirmed', () => {
    const rescue = card({ state: 'handed_over', follow_up_due_ms: NOW + 5, rescue: 'open', rescue_due_ms: NOW + 1 });
    expect(nextStep(rescue, NOW).text).toBe(w.next.rescue);
  });
});

describe('strips under a pointing hand', () => {
  const ids = (...names: string[]) => names.map((id) => ({ id }));
  it('keep their order, and new ones come last', () => expect(steady(ids('c', 'new', 'a', 'b'), ['a', 'b', 'c'])).toEqual(ids('a', 'b', 'c', 'new')));
  it('go where they are gone', () => expect(steady(ids('c'), ['a', 'b', 'c'])).toEqual(ids('c')));
});

describe('clocks that ran out', () => {
  const ranOut = (id: string, opened_ms: number, overdue: string[], raised: string[] = []): RequestCard => card({ id, opened_ms, overdue, raised });
  it('are told with what nobody answered first, and a request in time is not there', () => {
    const found = late([ranOut('old', 1, ['arrival']), ranOut('new', 9, ['owner', 'arrival'], ['owner']), ranOut('fine', 0, [])]);
    expect(found.map((each) => each.card.id)).toEqual(['new', 'old']);
    expect(found[0]).toMatchObject({ raised: ['owner'], overdue: ['arrival'] });
  });
  it('name a request by what says nothing about anybody', () => {
    expect(reference('01936f0e-4c1a-7b6a-9d1e-3f2a1b0c9e7f')).toBe('9E7F');
  });
});

describe('the nearest team while nobody plans', () => {
  const team = (change: Partial<Team> = {}): Team =>
    ({ id: 't', status: 'available', request: null, hold: null, shift_start_ms: NOW - 1, shift_end_ms: NOW + 1, offers: ['therapist'], ...change }) as Team;
  const first = (change: Partial<Team>, needs: string[] = []): string | undefined => {
    const teams = new Map([team({ id: 'near', ...change }), team({ id: 'far' })].map((each) => [each.id, each]));
    const reached = [{ id: 'gone', seconds: 10 }, { id: 'near', seconds: 60 }, { id: 'far', seconds: 600 }];
    return nearest(reached, (id) => teams.get(id), card({ needs }), ['therapist', 'peer'], NOW)?.team.id;
  };
  it('is the first by road that is free, on duty and has the crew', () => {
    expect(first({})).toBe('near');
    expect(first({}, ['adult', 'therapist'])).toBe('near');
  });
  it.each([{ status: 'on_scene' }, { request: 'other' }, { hold: 'h' }, { shift_end_ms: NOW }, { shift_start_ms: NOW + 1 }] as Partial<Team>[])('is not one with %o', (change) => expect(first(change)).toBe('far'));
  it('is not one that lacks the crew, and nobody where all lack it', () => {
    expect(first({ offers: [] }, ['therapist'])).toBe('far');
    expect(first({}, ['peer'])).toBeUndefined();
  });
});
