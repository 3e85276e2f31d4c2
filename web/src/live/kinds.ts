import type { components } from '../api/schema';

/** The objects that live frames carry, as the server describes them. `_ms` are UTC, `_s` durations. */
type Schemas = components['schemas'];

export type Tier = Schemas['Card']['tier'];
export type RequestCard = Required<Schemas['Card']>;
export type Team = Schemas['Team'];
export type Van = Schemas['Van'];
export type Pool = Schemas['Pool'];
export type Slot = Schemas['Slot'];
export type Recommendation = Schemas['Recommendation'];
export type Alternative = Schemas['Alternative'];
export type Plan = Schemas['Plan'];
export type ReferralCard = Schemas['Referral'];
/** A scheduled ride, without the person. */
export type RideCard = Schemas['ScheduledRide'];
export type TaskCard = Schemas['OutreachTask'];
export type Incoming = Schemas['Incoming'];
export type Panic = Schemas['Panic'];
export type SharedCard = Schemas['Shared'];

/** Roads that are closed or slow now. */
export type RoadClosure = Pick<Schemas['Closure'], 'id' | 'area' | 'slowdown' | 'reason' | 'from_ms' | 'until_ms'>;

export type WallZone = Schemas['WallZone'];
export type WallUnit = Schemas['WallUnit'];
export type WallFacility = Schemas['WallFacility'];
export type WallFigure = Schemas['WallFigure'];
export type WallLine = Schemas['WallLine'];
export type SmallCount = WallZone['waiting'][string];
