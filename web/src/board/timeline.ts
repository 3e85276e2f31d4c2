import type { RequestDetail } from '../api/doors';
import { readable, w } from '../words';

/** What was done for a request, in words. Pure. */

export interface Told {
  atMs: number;
  by: string;
  text: string;
  /** When it came into the record, where that was later than it happened. */
  toldMs?: number;
}

const LATE_MS = 60_000;

/** A choice is told with what was chosen, so the bare deed beside it is left out; a note with its text. */
const TOLD_BETTER = new Set(['accepted', 'overridden', 'noted']);

/** The newest first. `names` says a bundle as people call its parts. */
export function timeline(detail: RequestDetail, names: (bundle: Record<string, unknown>) => string): Told[] {
  const reason = (code: string | null): string => (code ? `: ${code.includes(' ') ? code : readable(code).toLowerCase()}` : '');
  const deeds = detail.timeline.filter(({ action }) => !TOLD_BETTER.has(action)).map((deed) => ({ atMs: deed.at_ms, ...(deed.told_ms - deed.at_ms > LATE_MS ? { toldMs: deed.told_ms } : {}), by: deed.by, text: `${w.deeds[deed.action] ?? readable(deed.action).toLowerCase()}${reason(deed.reason)}` }));
  const notes = detail.notes.map((note) => ({ atMs: note.at_ms, by: note.author, text: note.text }));
  const choices = detail.choices.map((choice) => ({ atMs: choice.at_ms, by: choice.by, text: w.console.chose(names(choice.chosen), choice.reason) }));
  return [...deeds, ...notes, ...choices].sort((a, b) => b.atMs - a.atMs);
}
