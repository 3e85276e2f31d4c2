/** What every screen says: its frame, its clocks, and what went wrong. */

export const product = 'caretower';
export const simulated = 'SIMULATED';
export const simulatedLong = 'SIMULATED — no person on this screen is real';
export const loading = 'Loading…';
export const none = '—';
export const cancel = 'Cancel';
export const close = 'Close';
export const save = 'Save';
export const retry = 'Try again';
export const optional = 'optional';

export const screens = {
  console: 'Console',
  wall: 'Wall',
  pad: 'Our beds',
  field: 'Our task',
  provider: 'Appointments',
  supervisor: 'Supervisor',
  handover: 'Hand-over',
  downtime: 'Downtime',
  shared: 'Shared with us',
} as Record<string, string>;

export const connection = {
  connecting: 'Connecting…',
  'catching-up': 'Catching up…',
  connected: 'Connected',
  lost: (since: string) => `Disconnected since ${since}`,
  refused: 'Not allowed to connect',
  feedLate: (age: string) => `Feed is ${age} old`,
  oldBanner: (since: string) => `No fresh data since ${since}. What you see is old. Reconnecting by itself.`,
  feedBanner: (age: string) => `The feed stopped ${age} ago. What you see is old.`,
  never: 'No data has come yet. Nothing can be said about who is waiting. Connecting by itself.',
  loading: 'Waiting for the first data…',
};

export const upgrade = { ready: 'A newer version is ready.', reload: 'Reload now' };

export const login = {
  title: 'Log in',
  name: 'Name',
  password: 'Password',
  go: 'Log in',
  wrong: 'That name and password do not fit together.',
  expired: 'Your log-in has ended. Log in again; nothing you typed is lost.',
  unreachable: 'The server cannot be reached. Trying again is safe.',
  noScreen: (role: string) => `There is no screen for the role “${role}”.`,
};

export const top = {
  logOut: 'Log out',
  theme: (mode: string) => `Light: ${mode}. Change`,
  help: 'Keys',
  for: (role: string, scope: string) => (scope ? `${role} · ${scope}` : role),
  console: 'Console',
  wall: 'Wall',
  handOver: 'Hand over',
  supervisor: 'Supervisor',
  main: 'Main',
};

export const themes = { dark: 'Night', light: 'Day', sun: 'By the sun' } as Record<string, string>;
export const map = { zoomIn: 'Zoom in', zoomOut: 'Zoom out' };

export const age = {
  ageing: (age: string) => `${age} old`,
  stale: (age: string) => `${age} old · call to confirm`,
  noResponse: (age: string) => `no answer for ${age}`,
  updated: (age: string) => `updated ${age} ago`,
  now: 'just now',
};

export const clock = {
  left: 'left',
  late: 'late',
  waiting: 'waiting',
  to: (what: string) => `to ${what}`,
  target: 'reach the person',
  follow: 'follow up',
  person: 'the person',
  answer: 'answer',
  outreach: 'outreach',
  opened: (at: string, ago: string) => `opened ${at}, ${ago} ago`,
};

export const time = {
  at: (what: string, zone: string, short: string) => `${what} (time of ${zone}, ${short})`,
  never: 'The clocks were put forward: they never showed this time.',
  twice: 'The clocks were put back: they showed this time twice. Which one?',
  missing: 'Say when the call came.',
};

export const failure = {
  unreachable: 'The server did not answer. Nothing is lost; trying again is safe.',
};

export const refusal = {
  plain: 'The server said no.',
  it: 'It',
  kinds: { team: 'The team', van: 'The van', pool: 'The place', slot: 'The appointment', hold: 'The claim', ride: 'The ride' } as Record<string, string>,
  reasons: {
    unknown: 'is not known any more',
    not_free: 'is not free any more',
    out_of_service: 'is out of service',
    paused: 'takes nobody now: intake is paused',
    overcommitted: 'has promised more beds than it has',
    full: 'is full now',
    closed: 'is closed',
    version_changed: 'has changed since you looked',
    request_has_hold: 'is being claimed for this request already',
    ended: 'has ended',
    declined_before: 'has declined this person already',
    does_not_take: 'does not take a person with these needs',
    promised: 'was promised to another person a moment ago',
    with_a_person: 'is with a person and cannot be taken away',
    with_riders: 'has scheduled riders aboard',
    not_shared: 'carries somebody who did not agree to share',
    seats: 'has too few seats left',
    not_planned: 'is not planned for this ride',
    too_early: 'is not due yet: wait until the time that was told',
  } as Record<string, string>,
};

export const undo = {
  title: 'Undo',
  go: 'Undo',
  keep: 'Keep it as it is',
  offered: (what: string) => `${what} Press u to undo.`,
  undone: (what: string) => `Undone: ${what}`,
  refused: 'Not undone.',
  accepted: (place: string) => `Accepted for ${place}.`,
  owned: (place: string) => `You took ${place}.`,
  triaged: (place: string) => `Changed what is known about ${place}.`,
  counted: (unit: string, by: number) => `${unit}: ${by > 0 ? `${by} more` : `${-by} fewer`} free.`,
  closed: (unit: string) => `${unit}: closed beds counted.`,
  stillTrue: (unit: string) => `${unit}: still true.`,
  walkIn: (unit: string) => `${unit}: a walk-in took a bed.`,
  paused: (unit: string) => `${unit}: intake paused.`,
  resumed: (unit: string) => `${unit}: intake resumed.`,
  attended: (when: string) => `${when}: attended.`,
  noShow: (when: string) => `${when}: no-show.`,
  knownBetter: 'Somebody has changed the same things since. Look again.',
  countedAgain: 'The count has changed since. Count again.',
  spokenSince: 'Somebody has spoken for this unit since. Look again.',
};
