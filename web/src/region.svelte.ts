import type { FeatureCollection } from 'geojson';
import { data, server } from './api/http';
import type { components } from './api/schema';
import type { FreshnessLimits } from './live/spans';
import { NO_BASE, readBaseMap, type BaseMap } from './map/basemap';

export type RegionFacts = components['schemas']['Region'];
export type Facility = components['schemas']['Facility'];

/** Until the region's own limits are known, the careful ones: four minutes fresh, half an hour ageing. */
const CAREFUL: FreshnessLimits = { fresh_s: 240, ageing_s: 1_800, stale_s: 14_400 };

const KEPT = 'caretower.region';

/** What does not change during a shift: names, limits, words, the map. */
class Region {
  facts = $state.raw<RegionFacts | null>(null);
  base = $state.raw<BaseMap>(NO_BASE);
  facilities = $state.raw<Map<string, Facility>>(new Map());
  failed = $state(false);

  /** A crew needs the words and limits alone, and what it was told last will do in a dead spot. */
  async loadForField(): Promise<void> {
    this.failed = false;
    try {
      this.facts = (await data(server.GET('/v1/region'))) as RegionFacts;
      localStorage.setItem(KEPT, JSON.stringify(this.facts));
    } catch {
      const kept = localStorage.getItem(KEPT);
      if (kept) this.facts = JSON.parse(kept) as RegionFacts;
      else this.failed = true;
    }
  }

  async load(withFacilities: boolean): Promise<void> {
    this.failed = false;
    try {
      const [facts, map, facilities] = await Promise.all([
        data(server.GET('/v1/region')),
        data(server.GET('/v1/region/map')),
        withFacilities ? data(server.GET('/v1/facilities')) : { items: [] },
      ]);
      this.facts = facts as RegionFacts;
      this.base = readBaseMap(map as FeatureCollection);
      this.facilities = new Map(facilities.items.map((facility) => [facility.id, facility]));
    } catch {
      this.failed = true;
    }
  }

  /** Who made the roads on the map: licences ask that it be said there. */
  get roadsBy(): string {
    const roads = (this.facts?.sources ?? []).filter((source) => source.what.startsWith('roads'));
    return roads.map(({ what, source }) => (what === 'roads' ? source : what)).join(' · ');
  }

  get timezone(): string {
    return this.facts?.timezone ?? 'UTC';
  }

  zoneName(id: string): string {
    return this.facts?.zones[id] ?? id;
  }

  /** `source` is a type of pool, or what else is reported: pool, position, unit_status. */
  limits(source: string): FreshnessLimits {
    return this.facts?.freshness[source] ?? this.facts?.freshness['pool'] ?? CAREFUL;
  }

  words(group: string): string[] {
    return this.facts?.vocabulary[group] ?? [];
  }
}

export const region = new Region();
