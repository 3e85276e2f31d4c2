import { describe, expect, it } from 'vitest';
import { refusalText } from '../src/board/refusal';

const ID = '01890a5d-ac96-774b-bcce-b302099a8057';
const names = (kind: string, id: string): string | null => (kind === 'team' && id === ID ? 'MCOT Moab' : kind === '' && id === ID ? 'Clinic, Monday' : null);

describe('a refusal', () => {
  it('names who cannot be had, and why', () => {
    const said = { type: 'urn:caretower:refused', resource: `team:${ID}`, reason: 'not_free', detail: `team ${ID} was refused: not_free` };
    expect(refusalText(said, names)).toBe('MCOT Moab is not free any more.');
  });
  it('says what kind it is where the name is not known here', () => {
    expect(refusalText({ type: 'urn:caretower:refused', resource: 'van:x', reason: 'not_free' }, names)).toBe('The van is not free any more.');
  });
  it('keeps a reason that is a sentence already', () => {
    expect(refusalText({ type: 'urn:caretower:refused', resource: ID, reason: 'no seat is free', detail: `${ID}: no seat is free` }, names)).toBe('No seat is free.');
  });
  it('never shows an id or a code word', () => {
    const said = refusalText({ type: 'urn:caretower:not-now', detail: `a request ${ID} that is en_route cannot accept` }, names);
    expect(said).toBe('A request that is en route cannot accept.');
  });
  it('says its title where there is nothing else', () => {
    expect(refusalText({ title: 'The world has changed; look again' }, names)).toBe('The world has changed; look again.');
    expect(refusalText({}, names)).toBe('The server said no.');
  });
});
