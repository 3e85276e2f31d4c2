import type { FeatureCollection } from 'geojson';
import { call } from './api/http';
import type { FreshnessLimits } from './live/spans';
import { NO_BASE, readBaseMap, type BaseMap } from './map/basemap';
import type { Bounds } from './map/geometry';

export interface RegionFacts {
  id: string;
  name: string;
  timezone: string;
  bounds: Bounds;
  simulated: boolean;
  freshness: Record<string, FreshnessLimits>;
  targets_s: Record<string, number>;
  vocabulary: Record<string, string[]>;
  zones: Record<string, string>;
}

export interface Facility {
  id: string;
  name: string;
  zone: string;
  lon: number;
  lat: number;
  phone: string | null;
  kind: string;
}

/** Until the region's own limits are known, the careful ones: four minutes fresh, half an hour ageing. */
const CAREFUL: FreshnessLimits = { fresh_s: 240, ageing_s: 1_800, stale_s: 14_400 };

/** What does not change during a shift: names, limits, words, the map. */
class Region {
  facts = $state.raw<RegionFacts | null>(null);
  base = $state.raw<BaseMap>(NO_BASE);
  facilities = $state.raw<Map<string, Facility>>(new Map());
  failed = $state(false);

  async load(withFacilities: boolean): Promise<void> {
    this.failed = false;
    try {
      const [facts, map, facilities] = await Promise.all([
        call<RegionFacts>('GET', '/v1/region'),
        call<FeatureCollection>('GET', '/v1/region/map'),
        withFacilities ? call<{ items: Facility[] }>('GET', '/v1/facilities') : { items: [] },
      ]);
      this.facts = facts;
      this.base = readBaseMap(map);
      this.facilities = new Map(facilities.items.map((facility) => [facility.id, facility]));
    } catch {
      this.failed = true;
    }
  }

  get timezone(): string {
    return this.facts?.timezone ?? 'UTC';
  }

  zoneName(id: string): string {
    return this.facts?.zones[id] ?? id;
  }

  limits(source: string): FreshnessLimits {
    return this.facts?.freshness[source] ?? this.facts?.freshness['default'] ?? CAREFUL;
  }

  words(group: string): string[] {
    return this.facts?.vocabulary[group] ?? [];
  }
}

export const region = new Region();
