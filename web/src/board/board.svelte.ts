import { colleagues, type Bundle, type Choice, type Colleague } from '../api/doors';
import type { LiveClient } from '../live/client.svelte';
import type { Alternative, Plan, Pool, Recommendation, RequestCard, RideCard, Slot, Team, Van } from '../live/kinds';
import { time } from '../live/time.svelte';
import { region } from '../region.svelte';
import { w, word } from '../words';
import { EndedRides } from './rides.svelte';

/** The dispatchers' board: the live objects, and their names as people say them. */
export class Board {
  colleagues = $state.raw<Colleague[]>([]);

  readonly ended = new EndedRides();

  constructor(readonly live: LiveClient) {
    colleagues().then(
      (found) => (this.colleagues = found),
      () => {},
    );
  }

  /** The name behind an owner's id. */
  ownerName = (id: string): string => this.colleagues.find((each) => each.id === id)?.name ?? id;

  /** Scheduled rides of one appointment, those that have ended among them. */
  ridesOf = (referral: string): RideCard[] => [...this.live.all<RideCard>('ride'), ...this.ended.list].filter(({ appointment }) => appointment === referral);

  requests = (): RequestCard[] => this.live.all<RequestCard>('request');
  request = (id: string): RequestCard | undefined => this.live.get('request', id);
  recommendation = (id: string): Recommendation | undefined => this.live.get('recommendation', id);
  team = (id: string | null | undefined): Team | undefined => this.live.get('team', id);
  van = (id: string | null | undefined): Van | undefined => this.live.get('van', id);
  pool = (id: string | null | undefined): Pool | undefined => this.live.get('pool', id);
  slot = (id: string | null | undefined): Slot | undefined => this.live.get('slot', id);

  teamName(id: string | null): string {
    return id ? (this.team(id)?.name ?? id) : w.bundle.noneShort;
  }

  vanName(id: string | null): string {
    if (id === 'self') return w.bundle.selfShort;
    return id ? (this.van(id)?.name ?? id) : w.bundle.noneShort;
  }

  placeName(pool: string | null, slot: string | null = null): string {
    const bed = this.pool(pool);
    if (bed) {
      const facility = region.facilities.get(bed.facility)?.name;
      return facility ? `${facility}, ${word(bed.type).toLowerCase()}` : bed.name;
    }
    const appointment = this.slot(slot);
    return appointment?.name ?? pool ?? slot ?? w.bundle.noneShort;
  }

  /** What people call a resource that a refusal names; any kind where none is said. */
  nameOf = (kind: string, id: string): string | null => {
    const among = (name: string): boolean => kind === name || kind === '';
    if (among('team') && this.team(id)) return this.teamName(id);
    if (among('van') && this.van(id)) return this.vanName(id);
    if (among('pool') && this.pool(id)) return this.placeName(id);
    if (among('slot') && this.slot(id)) return this.placeName(null, id);
    return null;
  };

  /** Appointments that can still be booked, the soonest first. */
  openSlots = (): Slot[] =>
    this.live
      .all<Slot>('slot')
      .filter((each) => each.open && each.free > 0 && each.starts_ms > time.nowMs)
      .sort((a, b) => a.starts_ms - b.starts_ms);

  plan = (): Plan | undefined => this.live.all<Plan>('plan')[0];

  /** When the plan was made: its seconds count from here. */
  planMs(): number {
    return this.plan()?.made_ms ?? time.nowMs;
  }

  /** What accepting sends: the bundle, the versions that were on the screen, the promised times. */
  choice(of: Recommendation | Alternative, backup: string | null): Choice {
    const { team, van, pool, slot } = of;
    return this.choose({ team, van, pool, slot, backup }, of.team_eta_s, of.arrive_s);
  }

  choose(bundle: Bundle, etaS: number | null, arriveS: number | null): Choice {
    const van = bundle.van === 'self' ? null : bundle.van;
    const resources = [
      ['team', bundle.team, this.team(bundle.team)],
      ['van', van, this.van(van)],
      ['pool', bundle.pool, this.pool(bundle.pool)],
      ['slot', bundle.slot, this.slot(bundle.slot)],
    ] as const;
    const at = this.planMs();
    return {
      bundle,
      seen: resources.flatMap(([kind, id, state]) => (id && state ? [{ kind, id, version: state.version }] : [])),
      eta_ms: etaS === null ? null : at + etaS * 1_000,
      arrive_ms: arriveS === null ? null : at + arriveS * 1_000,
    };
  }
}
