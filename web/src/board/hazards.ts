import type { Hazards, YesNo } from '../api/doors';

/** What may hurt whoever goes there: what was asked, and what is known in words. Pure. */

export const HAZARDS = ['weapons', 'violence', 'dogs', 'premises', 'infection'] as const satisfies (keyof Hazards)[];
export type Hazard = (typeof HAZARDS)[number];

/** Where a hazard is told in words. */
export const DETAIL = { weapons: 'weapons', violence: 'violence_history', dogs: 'dogs', premises: 'premises', infection: 'infection' } as const satisfies Record<Hazard, string>;

export interface Known {
  name: Hazard;
  value: YesNo;
  text: string | null;
}

export const noneAsked = (): Hazards => Object.fromEntries(HAZARDS.map((name) => [name, 'unknown'])) as unknown as Hazards;

/** Worst first: what is there, then what nobody asked, then what was denied. Words weigh like a yes. */
export function ranked(hazards: Hazards, text: (name: Hazard) => string | null | undefined): Known[] {
  const rank = ({ value, text }: Known): number => (value === 'yes' || (text && value !== 'no') ? 0 : value === 'unknown' ? 1 : 2);
  const known = HAZARDS.map((name) => ({ name, value: hazards[name], text: text(name) || null }));
  return known.map((each, index) => ({ each, index })).sort((a, b) => rank(a.each) - rank(b.each) || a.index - b.index).map(({ each }) => each);
}

/** Whether a crew must be warned of it. */
export const warns = ({ value, text }: Known): boolean => value === 'yes' || text !== null;
