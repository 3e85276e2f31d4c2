/** The objects that live frames carry, as docs/doors.md names them. `_ms` are UTC, `_s` durations. */

export type Tier = 'imminent' | 'high' | 'moderate' | 'routine';
export type PlaceNeed = 'none' | 'possible' | 'needed';
export type FacilityAnswer = null | 'asked' | 'accepted' | 'declined';
export type CrewAnswer = null | 'asked' | 'acknowledged' | 'declined';

interface Reported {
  id: string;
  version: number;
  changed_ms: number;
  updated_ms: number;
  confirmed_ms: number;
}

interface Moving extends Reported {
  zone: string;
  name: string;
  offers: string[];
  seats: number;
  shift_start_ms: number;
  shift_end_ms: number;
  base_lon: number;
  base_lat: number;
  lon: number;
  lat: number;
  position_ms: number;
  status: string;
  hold: string | null;
  request: string | null;
  phone: string;
}

export interface Team extends Moving {
  crew: string[];
}

export interface Van extends Moving {
  driver: string | null;
}

export interface Pool extends Reported {
  facility: string;
  zone: string;
  name: string;
  type: string;
  takes: string[];
  lon: number;
  lat: number;
  capacity: number;
  occupied: number;
  closed: number;
  held: number;
  reserved: number;
  deficit: number;
  free: number;
  paused: boolean;
  pause_reason: string | null;
  pause_until_ms: number | null;
  phone: string;
}

export interface Slot extends Reported {
  provider: string;
  zone: string;
  name: string;
  mode: string;
  takes: string[];
  lon: number;
  lat: number;
  starts_ms: number;
  duration_s: number;
  capacity: number;
  held: number;
  booked: number;
  free: number;
  open: boolean;
}

export interface RequestCard {
  id: string;
  version: number;
  state: string;
  tier: Tier;
  urgency: number;
  zone: string;
  place: string | null;
  opened_ms: number;
  target_ms: number | null;
  owner: string | null;
  team: string | null;
  van: string | null;
  pool: string | null;
  slot: string | null;
  place_need: PlaceNeed;
  eta_ms: number | null;
  arrive_ms: number | null;
  crew_answer: CrewAnswer;
  facility_answer: FacilityAnswer;
  answer_due_ms: number | null;
  escalated: boolean;
  custody_due_ms: number | null;
  needs: string[];
  rescue: null | 'open' | 'confirmed';
  shared_le: boolean;
  self_transport: boolean;
  joined_to: string | null;
}

export interface ReferralCard {
  id: string;
  version: number;
  state: string;
  closed: boolean;
  slot: string;
  provider: string;
  source: string | null;
  request: string;
  starts_ms: number;
  preferred: boolean;
  acknowledge_due_ms: number | null;
  acknowledged_ms: number | null;
  escalated: boolean;
  outcome: string | null;
  task_due_ms: number | null;
}

export interface TaskCard {
  id: string;
  version: number;
  referral: string;
  request: string;
  provider: string;
  source: string | null;
  reason: string;
  opened_ms: number;
  due_ms: number;
  attempts: number;
  escalated: boolean;
  closed_by: string | null;
}

export interface Alternative {
  team: string | null;
  van: string | null;
  pool: string | null;
  slot: string | null;
  team_eta_s: number | null;
  arrive_s: number | null;
  extra_min: number;
}

export interface Recommendation {
  request: string;
  team: string | null;
  van: string | null;
  pool: string | null;
  slot: string | null;
  team_eta_s: number | null;
  pick_s: number | null;
  arrive_s: number | null;
  costs: Record<string, number>;
  why: { team?: string | null; van?: string | null; place?: string | null };
  alternatives: Alternative[];
  backup: { pool: string; arrive_s: number | null } | null;
  unserved: { resource: string; reason: string; count: number; text: string }[];
  ems_now: boolean;
  call_to_confirm: boolean;
  travel: { engine: string; quality: string };
}

export interface Incoming {
  id: string;
  version: number;
  pool: string;
  state: string;
  facility_answer: FacilityAnswer;
  answer_due_ms: number | null;
  arrive_ms: number | null;
  needs: string[];
  phone: string | null;
}

export type SmallCount = number | '<3';

export interface WallZone {
  id: string;
  name: string;
  lon: number;
  lat: number;
  /** By tier; empty tiers are left out. */
  waiting: Partial<Record<Tier, SmallCount>>;
  oldest_ms: number | null;
  teams_free: number;
  teams_committed: number;
  beds_free: number;
}

export interface WallUnit {
  id: string;
  zone: string;
  lon: number;
  lat: number;
  status: string;
  obscured: boolean;
  position_ms: number | null;
}

export interface WallFacility {
  id: string;
  name: string;
  zone: string;
  lon: number;
  lat: number;
  free: number;
  confirmed_ms: number;
  paused: boolean;
  overcommitted: boolean;
}

export interface WallFigure {
  id: string;
  parts: { opened_ms?: number | null } & Record<string, SmallCount | null | undefined>;
}

export interface WallLine {
  id: string;
  text: string;
  at_ms: number;
}
