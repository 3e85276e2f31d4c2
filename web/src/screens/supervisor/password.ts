/** Letters and digits that nobody mistakes for one another when they are read out. */
const SIGNS = 'abcdefghjkmnpqrstuvwxyz23456789';
const GROUPS = 4;
const GROUP = 4;

/** A password for a first log-in: 16 signs of 31, about 79 bits, in groups that can be read out. */
export function newPassword(random: (bytes: Uint8Array) => Uint8Array = (bytes) => crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>)): string {
  const signs: string[] = [];
  const limit = 256 - (256 % SIGNS.length);
  while (signs.length < GROUPS * GROUP) {
    // A byte beyond the last whole multiple would make the first signs likelier.
    for (const byte of random(new Uint8Array(32))) if (byte < limit) signs.push(SIGNS[byte % SIGNS.length]!);
  }
  return Array.from({ length: GROUPS }, (_, group) => signs.slice(group * GROUP, (group + 1) * GROUP).join('')).join('-');
}
