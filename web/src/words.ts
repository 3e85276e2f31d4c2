/** Every string of the screens, a catalogue a screen in `words/`, so that another language can stand beside it. */
import * as w from './words/catalogue';

export { w };

/** A vocabulary word in the field's language; an unknown word is shown as it is, readable. */
export function word(term: string): string {
  return w.vocabulary[term] ?? w.status[term] ?? readable(term);
}

export function readable(term: string): string {
  const text = term.replace(/^lang_/, '').replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What a unit is doing, and why where that is nothing. */
export const doing = (unit: { status: string; out_reason?: string | null }): string => `${w.status[unit.status] ?? readable(unit.status)}${unit.out_reason ? `: ${readable(unit.out_reason)}` : ''}`;
