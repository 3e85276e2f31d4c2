/** Spans of time in words; pure. All arguments are milliseconds. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** `4:05`, `1 h 12`: the face of a running clock; never negative. */
export function clockFace(ms: number): string {
  const whole = Math.max(0, Math.floor(Math.abs(ms) / 1_000));
  const hours = Math.floor(whole / 3_600);
  const minutes = Math.floor((whole % 3_600) / 60);
  if (hours > 0) return `${hours} h ${String(minutes).padStart(2, '0')}`;
  return `${minutes}:${String(whole % 60).padStart(2, '0')}`;
}

/** `now`, `40 s`, `12 min`, `3 h`, `2 d`: the age of a fact. */
export function ageText(ms: number): string {
  if (ms < 5_000) return 'now';
  if (ms < MINUTE) return `${Math.floor(ms / 1_000)} s`;
  if (ms < 2 * HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < 48 * HOUR) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / (24 * HOUR))} d`;
}

export function minutes(seconds: number): number {
  return Math.max(1, Math.round(seconds / 60));
}

export type Freshness = 'fresh' | 'ageing' | 'stale' | 'no_response';

/** How old a figure may be: fresh, ageing, stale up to these ages; beyond is no response. */
export interface FreshnessLimits {
  fresh_s: number;
  ageing_s: number;
  stale_s: number;
}

/** What an age means under a source's limits. */
export function freshness(ageMs: number, limits: FreshnessLimits): Freshness {
  const ageS = ageMs / 1_000;
  if (ageS <= limits.fresh_s) return 'fresh';
  if (ageS <= limits.ageing_s) return 'ageing';
  if (ageS <= limits.stale_s) return 'stale';
  return 'no_response';
}

/** Local time of day in the region's zone: `03:12`. */
export function timeOfDay(ms: number, zone: string, seconds = false): string {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    ...(seconds ? { second: '2-digit' } : {}),
  }).format(ms);
}

/** The zone's short name at that moment: `MST`. */
export function zoneName(ms: number, zone: string): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'short' }).formatToParts(ms);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? zone;
}

/** Day and local time in the region's zone: `Mon 23 Nov 09:30`. */
export function dayAndTime(ms: number, zone: string): string {
  const day = new Intl.DateTimeFormat('en-GB', { timeZone: zone, weekday: 'short', day: 'numeric', month: 'short' }).format(ms);
  return `${day.replace(',', '')} ${timeOfDay(ms, zone)}`;
}

/** `09:30` today, `Mon 23 Nov 09:30` on any other day of the region's zone. */
export function todayOrDay(ms: number, nowMs: number, zone: string): string {
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: zone });
  return day.format(ms) === day.format(nowMs) ? timeOfDay(ms, zone) : dayAndTime(ms, zone);
}
