import type { Feature, FeatureCollection, Geometry, LineString, MultiLineString, MultiPolygon, Point, Polygon, Position } from 'geojson';
import type { LonLat } from './geometry';

export type Layer = 'county' | 'authority' | 'road' | 'place' | 'zip';

export interface BasePlace {
  name: string;
  at: LonLat;
  population: number;
}

export interface BaseMap {
  counties: Feature<Polygon | MultiPolygon>[];
  authorities: Feature<Polygon | MultiPolygon>[];
  roads: Feature<LineString | MultiLineString>[];
  places: BasePlace[];
  /** Postal codes, for whoever types one; they are not drawn. */
  zips: BasePlace[];
}

export const NO_BASE: BaseMap = { counties: [], authorities: [], roads: [], places: [], zips: [] };

export function readBaseMap(collection: FeatureCollection): BaseMap {
  const base: BaseMap = { counties: [], authorities: [], roads: [], places: [], zips: [] };
  for (const feature of collection.features) {
    const layer = String(feature.properties?.['layer'] ?? feature.properties?.['kind'] ?? '');
    if (isArea(feature)) (layer === 'authority' ? base.authorities : base.counties).push(feature);
    else if (isLine(feature)) base.roads.push(feature);
    else if (isPoint(feature)) (layer === 'zip' ? base.zips : base.places).push(placeOf(feature));
  }
  base.places.sort((a, b) => b.population - a.population || a.name.localeCompare(b.name));
  return base;
}

/** All rings of an area or all lines of a road. */
export function lines(geometry: Polygon | MultiPolygon | LineString | MultiLineString): Position[][] {
  switch (geometry.type) {
    case 'Polygon':
    case 'MultiLineString':
      return geometry.coordinates;
    case 'MultiPolygon':
      return geometry.coordinates.flat();
    case 'LineString':
      return [geometry.coordinates];
  }
}

function placeOf(feature: Feature<Point>): BasePlace {
  const [lon = 0, lat = 0] = feature.geometry.coordinates;
  return {
    name: String(feature.properties?.['name'] ?? ''),
    at: [lon, lat],
    population: Number(feature.properties?.['population'] ?? 0),
  };
}

const isArea = (feature: Feature<Geometry>): feature is Feature<Polygon | MultiPolygon> =>
  feature.geometry.type === 'Polygon' || feature.geometry.type === 'MultiPolygon';
const isLine = (feature: Feature<Geometry>): feature is Feature<LineString | MultiLineString> =>
  feature.geometry.type === 'LineString' || feature.geometry.type === 'MultiLineString';
const isPoint = (feature: Feature<Geometry>): feature is Feature<Point> => feature.geometry.type === 'Point';
