/** The hand-over of a shift. */
import { plural } from './plural';

export const handover = {
  title: (name: string, at: string) => `Hand-over by ${name} at ${at}`,
  lead: (mine: number, unowned: number) =>
    `${plural(mine, 'open request', 'open requests')} with you${unowned ? `; ${plural(unowned, 'request has', 'requests have')} no owner` : ''}.`,
  mine: 'With you',
  unowned: 'Without an owner',
  to: 'Who takes over',
  choose: 'Choose a colleague',
  go: (count: number) => `Hand over all ${count}`,
  print: 'Print',
  done: (count: number, to: string) => `${plural(count, 'request', 'requests')} handed over to ${to}.`,
  since: (at: string) => `open since ${at}`,
  team: (name: string, answer: string) => `${name}${answer ? ` (${answer})` : ''} goes.`,
  place: (name: string, answer: string) => `${name}${answer ? `: ${answer}` : ''}.`,
};
