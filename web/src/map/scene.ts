import type { LonLat } from './geometry';

/** Who a mark stands for decides its shape; `tone` its colour, never alone. */
export type Shape = 'facility' | 'team' | 'van' | 'waiting' | 'person' | 'pick';
export type Tone = 'closed' | 'free' | 'committed' | 'off' | 'imminent' | 'high' | 'moderate' | 'routine' | 'reach' | 'pick';
export type MarkFreshness = 'fresh' | 'ageing' | 'stale' | 'no_response';

export interface Mark {
  id: string;
  shape: Shape;
  place: LonLat;
  tone: Tone;
  /** The number or short text inside the mark. */
  text?: string;
  /** Words beside the mark. */
  label?: string;
  fresh?: MarkFreshness;
  /** Age of a position in seconds; a moving mark rings at 60, fades at 120 and goes at 600. */
  positionAgeS?: number;
  faded?: boolean;
  chosen?: boolean;
  /** Its shift ends soon. */
  leaving?: boolean;
}

/** The way that a unit came. */
export interface Trail {
  id: string;
  places: LonLat[];
  tone: Tone;
  faded?: boolean;
}

export interface Route {
  id: string;
  places: LonLat[];
  tone: Tone;
  dashed?: boolean;
  faded?: boolean;
  label?: string;
}

/** A part of the land: an area of polygons (rings), or a line along a road. */
export interface Area {
  id: string;
  shape: 'area' | 'line';
  rings: LonLat[][];
  tone: Tone;
  /** How much the area is filled, 0…1. */
  fill?: number;
  hatched?: boolean;
  label?: string;
}

export interface Scene {
  marks: Mark[];
  routes: Route[];
  trails?: Trail[];
  areas?: Area[];
}

export const EMPTY: Scene = { marks: [], routes: [] };

/** Display limits of a position's age, in seconds. */
export const POSITION = { ring_s: 60, fade_s: 120, gone_s: 600 } as const;

/**
 * The age to draw a position with. A unit that is free stands at its last place, where it can be
 * found: it is ringed, not faded. One that matters to the person on the screen fades, but stays.
 */
export function drawnAgeS(ageS: number, free: boolean, matters = false): number {
  if (free) return Math.min(ageS, POSITION.fade_s - 1);
  return matters ? Math.min(ageS, POSITION.gone_s - 1) : ageS;
}

/** Marks that are shown at all: a lost vehicle lives in the lists only. */
export function visible(marks: readonly Mark[]): Mark[] {
  return marks.filter((mark) => (mark.positionAgeS ?? 0) < POSITION.gone_s);
}
