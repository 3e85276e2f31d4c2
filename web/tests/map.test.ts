import { describe, expect, it } from 'vitest';
import { readBaseMap } from '../src/map/basemap';
import { hit, place } from '../src/map/draw';
import { isSoftware } from '../src/map/graphics';
import type { Mark } from '../src/map/scene';

const mark = (change: Partial<Mark>): Mark => ({ id: 'm', shape: 'team', place: [0, 0], tone: 'free', ...change });
const flat = ([lon, lat]: readonly [number, number]): readonly [number, number] => [lon * 100, lat * 100];

describe('marks on a map', () => {
  it('of a vehicle that was lost for ten minutes are gone', () => {
    expect(place({ marks: [mark({ positionAgeS: 599 }), mark({ id: 'lost', positionAgeS: 600 })], routes: [] }, flat, 16).map((item) => item.mark.id)).toEqual(['m']);
  });
  it('of vehicles at one place become one with their number', () => {
    const placed = place({ marks: [mark({ id: 'a' }), mark({ id: 'b' }), mark({ id: 'c', tone: 'committed' })], routes: [] }, flat, 16);
    expect(placed.map((item) => item.mark.text)).toEqual(['2', undefined]);
  });
  it('of a unit under way are never moved from where it is', () => {
    const placed = place({ marks: [mark({ tone: 'committed', positionAgeS: 5 }), mark({ id: 'f', shape: 'facility' })], routes: [] }, flat, 16);
    expect(placed.find((item) => item.mark.id === 'm')!.at).toEqual([0, 0]);
  });
  it('of facilities at one place are moved apart and keep their home', () => {
    const placed = place({ marks: [mark({ id: 'a', shape: 'facility' }), mark({ id: 'b', shape: 'facility' })], routes: [] }, flat, 16);
    expect(placed[0]!.home).toEqual(placed[1]!.home);
    expect(Math.hypot(placed[0]!.at[0] - placed[1]!.at[0], placed[0]!.at[1] - placed[1]!.at[1])).toBeGreaterThan(20);
  });
  it('are hit where they are drawn, the upper one first', () => {
    const placed = place({ marks: [mark({ id: 'team' }), mark({ id: 'person', shape: 'person' })], routes: [] }, flat, 16);
    expect(hit(placed, 2, 2)?.id).toBe('person');
    expect(hit(placed, 200, 200)).toBeNull();
  });
});

describe('the graphics', () => {
  it.each([
    ['ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (LLVM 10.0.0)), SwiftShader driver)', true],
    ['llvmpipe (LLVM 15.0.6, 256 bits)', true],
    ['Microsoft Basic Render Driver', true],
    ['ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 Direct3D11)', false],
    ['Apple M2', false],
  ])('of %s are software: %s', (name, software) => expect(isSoftware(name)).toBe(software));
});

describe('the base map', () => {
  it('is read by layer, towns with the largest first', () => {
    const point = (name: string, population: number) => ({ type: 'Feature' as const, properties: { layer: 'place', name, population }, geometry: { type: 'Point' as const, coordinates: [1, 2] } });
    const area = (layer: string) => ({ type: 'Feature' as const, properties: { layer }, geometry: { type: 'Polygon' as const, coordinates: [[[0, 0], [1, 0], [1, 1], [0, 0]]] } });
    const base = readBaseMap({ type: 'FeatureCollection', features: [point('small', 1), point('large', 9), area('county'), area('authority')] });
    expect(base.places.map((each) => each.name)).toEqual(['large', 'small']);
    expect([base.counties.length, base.authorities.length]).toEqual([1, 1]);
  });
});
