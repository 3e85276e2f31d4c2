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

type Times = Pick<RequestDetail['timeline'][number], 'at_ms' | 'told_ms'>;
const now = ({ at_ms }: { at_ms: number }): Times => ({ at_ms, told_ms: at_ms });
const times = ({ at_ms, told_ms }: Times): Pick<Told, 'atMs' | 'toldMs'> => ({ atMs: at_ms, ...(told_ms - at_ms > LATE_MS ? { toldMs: told_ms } : {}) });

/** The newest first. `names` says a bundle as people call its parts. */
export function timeline(detail: RequestDetail, names: (bundle: Record<string, unknown>) => string): Told[] {
  const reason = (code: string | null): string => (code ? `: ${code.includes(' ') ? code : readable(code).toLowerCase()}` : '');
  const better = detail.timeline.filter(({ action }) => TOLD_BETTER.has(action));
  const deeds = detail.timeline.filter((deed) => !better.includes(deed)).map((deed) => ({ ...times(deed), by: deed.by, text: `${w.deeds[deed.action] ?? readable(deed.action).toLowerCase()}${reason(deed.reason)}` }));
  // A note knows when it is true, a choice when it came into the record: the deed beside it knows both.
  const notes = detail.notes.map((note) => ({ ...times(better.find(({ action, at_ms }) => action === 'noted' && at_ms === note.at_ms) ?? now(note)), by: note.author, text: note.text }));
  const choices = detail.choices.map((choice) => ({ ...times(better.find(({ action, told_ms }) => action !== 'noted' && told_ms === choice.at_ms) ?? now(choice)), by: choice.by, text: w.console.chose(names(choice.chosen), choice.reason) }));
  return [...deeds, ...notes, ...choices].sort((a, b) => b.atMs - a.atMs);
}
