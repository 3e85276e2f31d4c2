import type { FeatureCollection } from 'geojson';
import { Map as GlMap, setWorkerUrl, type StyleSpecification } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import 'maplibre-gl/dist/maplibre-gl.css';
import type { BaseMap } from './basemap';
import type { Colors } from './colors';
import type { Bounds, LonLat, Pixel } from './geometry';
import type { Ground, GroundEvents } from './ground';

/** A frame slower than this, five times in a row, is worse than a plain canvas. */
const SLOW_FRAME_MS = 200;
const SLOW_FRAMES = 5;

/** The ground drawn by MapLibre: no tiles, no glyphs, no network; names are drawn above it. */
export class GlGround implements Ground {
  readonly name = 'gl';
  #map: GlMap;
  #slow = 0;
  #last = 0;

  constructor(host: HTMLElement, base: BaseMap, colors: Colors, events: GroundEvents, movable: boolean) {
    setWorkerUrl(workerUrl);
    const container = document.createElement('div');
    container.className = 'ground';
    host.prepend(container);
    this.#map = new GlMap({
      container,
      style: style(base, colors),
      attributionControl: false,
      interactive: movable,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      keyboard: false,
      fadeDuration: 0,
    });
    this.#map.on('render', () => {
      this.#measure(events);
      events.moved();
    });
    this.#map.on('click', (event) => events.clicked([event.point.x, event.point.y], [event.lngLat.lng, event.lngLat.lat]));
    this.#map.on('webglcontextlost', () => events.slow?.());
  }

  project([lon, lat]: LonLat): Pixel {
    const { x, y } = this.#map.project([lon, lat]);
    return [x, y];
  }

  fit([west, south, east, north]: Bounds, padding: number): void {
    this.#map.fitBounds([west, south, east, north], { padding, animate: false, maxZoom: 15 });
  }

  zoomBy(steps: number): void {
    this.#map.zoomTo(this.#map.getZoom() + steps, { animate: false });
  }

  panBy(dxPx: number, dyPx: number): void {
    this.#map.panBy([-dxPx, -dyPx], { animate: false });
  }

  paint(colors: Colors): void {
    if (!this.#map.isStyleLoaded()) {
      this.#map.once('load', () => this.paint(colors));
      return;
    }
    this.#map.setPaintProperty('ground', 'background-color', colors.ground);
    this.#map.setPaintProperty('land', 'fill-color', colors.land);
    for (const line of ['roads', 'counties']) this.#map.setPaintProperty(line, 'line-color', colors.line);
    this.#map.setPaintProperty('authorities', 'line-color', colors.lineStrong);
  }

  resize(): void {
    this.#map.resize();
  }

  destroy(): void {
    const container = this.#map.getContainer();
    this.#map.remove();
    container.remove();
  }

  #measure(events: GroundEvents): void {
    const now = performance.now();
    const took = now - this.#last;
    this.#last = now;
    this.#slow = this.#map.isMoving() && took > SLOW_FRAME_MS && took < 2_000 ? this.#slow + 1 : 0;
    if (this.#slow >= SLOW_FRAMES) events.slow?.();
  }
}

function style(base: BaseMap, colors: Colors): StyleSpecification {
  const collection = (features: FeatureCollection['features']): { type: 'geojson'; data: FeatureCollection } => ({
    type: 'geojson',
    data: { type: 'FeatureCollection', features },
  });
  return {
    version: 8,
    sources: {
      counties: collection(base.counties),
      authorities: collection(base.authorities),
      roads: collection(base.roads),
    },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': colors.ground } },
      { id: 'land', type: 'fill', source: base.counties.length ? 'counties' : 'authorities', paint: { 'fill-color': colors.land } },
      { id: 'roads', type: 'line', source: 'roads', paint: { 'line-color': colors.line, 'line-width': 1.6 * colors.scale } },
      { id: 'counties', type: 'line', source: 'counties', paint: { 'line-color': colors.line, 'line-width': 0.8 * colors.scale, 'line-opacity': 0.6 } },
      { id: 'authorities', type: 'line', source: 'authorities', paint: { 'line-color': colors.lineStrong, 'line-width': 1.2 * colors.scale, 'line-opacity': 0.9 } },
    ],
  };
}
