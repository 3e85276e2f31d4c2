import type { Component } from 'svelte';

/** Which screens a role may see; the first is where it lands. */
export const screens: Record<string, string[]> = {
  dispatcher: ['console', 'handover', 'wall', 'downtime'],
  supervisor: ['supervisor', 'console', 'handover', 'wall', 'downtime'],
  facility: ['pad'],
  field: ['field'],
  provider: ['provider'],
  wall: ['wall'],
  law_enforcement: ['shared'],
};

const load: Record<string, () => Promise<{ default: Component }>> = {
  wall: () => import('./Wall.svelte'),
  pad: () => import('./Pad.svelte'),
  downtime: () => import('./Downtime.svelte'),
  handover: () => import('./Handover.svelte'),
  provider: () => import('./Provider.svelte'),
  field: () => import('./Field.svelte'),
  supervisor: () => import('./Supervisor.svelte'),
  shared: () => import('./Shared.svelte'),
  console: () => import('./Console.svelte'),
};

export async function home(name: string): Promise<Component> {
  const screen = load[name];
  if (!screen) throw new Error(`no screen ${name}`);
  return (await screen()).default;
}
