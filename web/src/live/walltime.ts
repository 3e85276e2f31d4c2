/** The time that a clock on the wall of a zone shows, in the form of `<input type="datetime-local">`; pure. */

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** `2026-11-22T03:05`. */
export function wallTime(ms: number, zone: string): string {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' });
  const part = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  return `${part['year']}-${part['month']}-${part['day']}T${part['hour']}:${part['minute']}`;
}

/** When the wall showed this, in ms: never in the hour that is skipped in spring, twice in the one that comes again in autumn. */
export function momentsOf(wall: string, zone: string): number[] {
  const asUtc = Date.parse(`${wall}Z`);
  if (Number.isNaN(asUtc)) return [];
  const offsets = [asUtc - DAY_MS, asUtc + DAY_MS].map((ms) => Date.parse(`${wallTime(ms, zone)}Z`) - Math.floor(ms / MINUTE_MS) * MINUTE_MS);
  const moments = [...new Set(offsets)].map((offset) => asUtc - offset);
  return moments.filter((ms) => wallTime(ms, zone) === wall.slice(0, 16)).sort((a, b) => a - b);
}
