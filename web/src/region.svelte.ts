import type { FeatureCollection } from 'geojson';
import { data, server } from './api/http';
import type { components } from './api/schema';
import type { FreshnessLimits } from './live/spans';
import { NO_BASE, readBaseMap, type BaseMap } from './map/basemap';

export type RegionFacts = components['schemas']['Region'];
export type Facility = components['schemas']['Facility'];

/** Until the region's own limits are known, the careful ones: four minutes fresh, half an hour ageing. */
const CAREFUL: FreshnessLimits = { fresh_s: 240, ageing_s: 1_800, stale_s: 14_400 };

const KEPT = 'caretower.field-region';

/** What does not change during a shift: names, limits, words, the map. */
class Region {
  facts = $state.raw<RegionFacts | null>(null);
  base = $state.raw<BaseMap>(NO_BASE);
  facilities = $state.raw<Map<string, Facility>>(new Map());
  failed = $state(false);

  /** A crew needs words, limits and facilities, and what it was told last will do in a dead spot. */
  async loadForField(): Promise<void> {
    this.failed = false;
    try {
      const [facts, facilities] = await Promise.all([data(server.GET('/v1/region')), data(server.GET('/v1/facilities'))]);
      this.#learn(facts as RegionFacts, facilities.items);
      localStorage.setItem(KEPT, JSON.stringify([facts, facilities.items]));
    } catch {
      const kept = localStorage.getItem(KEPT);
      if (kept) this.#learn(...(JSON.parse(kept) as [RegionFacts, Facility[]]));
      else this.failed = true;
    }
  }

  #learn(facts: RegionFacts, facilities: Facility[]): void {
    this.facts = facts;
    this.facilities = new Map(facilities.map((facility) => [facility.id, facility]));
  }

  async load(withFacilities: boolean): Promise<void> {
    this.failed = false;
    try {
      const [facts, map, facilities] = await Promise.all([
        data(server.GET('/v1/region')),
        data(server.GET('/v1/region/map')),
        withFacilities ? data(server.GET('/v1/facilities')) : { items: [] },
      ]);
      this.#learn(facts as RegionFacts, facilities.items);
      this.base = readBaseMap(map as FeatureCollection);
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
