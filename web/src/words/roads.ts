/** Roads that are closed or slow, and who is within reach. */
import { plural } from './plural';

export const roads = {
  label: (slowdown: number | null, reason: string, until: string) => `${slowdown === null ? 'closed' : `${slowdown}× as slow`}: ${reason}, until ${until}`,
  reasons: { weather: 'weather', fire: 'fire', flood: 'flood', crash: 'crash', event: 'event', works: 'works', other: 'ask dispatch' } as Record<string, string>,
};

export const closing = {
  title: 'Closed and slow roads',
  outline: 'Which roads',
  outlines: { around: 'around a place', road: 'the road between places', area: 'in an area' },
  place: 'Town, ZIP or coordinates, then Enter; or click the map',
  km: 'Kilometres around',
  points: (count: number) => plural(count, 'place', 'places'),
  drop: 'Drop the last',
  missing: { around: 'Which place? Type one or click the map.', road: 'Two places at least: type or click them.', area: 'Three corners at least: type or click them.' },
  how: 'How',
  closed: 'closed',
  slow: (factor: number) => `${factor}× as slow`,
  until: 'Open again',
  note: 'Note (off the screens)',
  enter: 'Close or slow these roads',
  entered: 'Entered. The next plan heeds it.',
  lift: 'Open again',
  lifted: 'Open again.',
};

export const reach = {
  title: 'Who is within reach',
  within: (count: number, min: number) => `${plural(count, 'team', 'teams')} in ${min} min`,
  min: (min: number) => `${min} min`,
  pick: 'Click a place on the map.',
  nobody: 'No team is within an hour.',
  estimate: 'estimated, not by road',
};
