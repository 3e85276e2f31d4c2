import type { Colors } from './colors';
import type { Bounds, LonLat, Pixel } from './geometry';

export interface GroundEvents {
  /** The view changed: whatever lies above must be drawn anew. */
  moved: () => void;
  clicked: (at: Pixel, place: LonLat) => void;
  /** Frames take too long here. */
  slow?: () => void;
}

/** What lies under the marks and can be moved: drawn by the graphics card or on a plain canvas. */
export interface Ground {
  readonly name: 'gl' | 'canvas';
  project(place: LonLat): Pixel;
  fit(bounds: Bounds, paddingPx: number): void;
  zoomBy(steps: number): void;
  panBy(dxPx: number, dyPx: number): void;
  paint(colors: Colors): void;
  resize(): void;
  destroy(): void;
}
