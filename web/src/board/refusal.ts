import { w } from '../words';

/** A refusal in words: who or what cannot be had, by name, and why. Pure. */

/** What a problem document may hold of a refusal: `team:0199…` or a bare id, and a code or a sentence. */
export interface Refusal {
  type?: string;
  title?: string;
  detail?: string | null;
  resource?: string | null;
  reason?: string | null;
}

/** The name of a team, van, pool, slot…; null where this screen does not know it. */
export type NameOf = (kind: string, id: string) => string | null;

const ID = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi;

/** `MCOT Moab is not free any more.` */
export function refusalText(refusal: Refusal, nameOf: NameOf): string {
  if (refusal.type?.endsWith(':refused') && refusal.reason) {
    const [kind, id] = parts(refusal.resource ?? '');
    const name = (id && nameOf(kind, id)) || w.refusal.kinds[kind];
    const why = w.refusal.reasons[refusal.reason];
    if (name && why) return sentence(`${name} ${why}`);
    return sentence(why ? `${w.refusal.it} ${why}` : refusal.reason);
  }
  return sentence(refusal.detail || refusal.title || w.refusal.plain);
}

function parts(resource: string): [kind: string, id: string] {
  const at = resource.indexOf(':');
  return at < 0 ? ['', resource] : [resource.slice(0, at), resource.slice(at + 1)];
}

/** Without ids and code words, with a capital and a full stop: what a person can read at night. */
function sentence(text: string): string {
  const plain = text.replace(ID, '').replaceAll('_', ' ').replace(/\s+([:,.;])/g, '$1').replace(/\s{2,}/g, ' ').trim();
  const whole = plain.charAt(0).toUpperCase() + plain.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
