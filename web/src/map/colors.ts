import type { Tone } from './scene';

/** The map's colours, read from the design tokens so that both themes hold here too. */
export interface Colors {
  ground: string;
  land: string;
  line: string;
  lineStrong: string;
  panel: string;
  ink: string;
  inkQuiet: string;
  stale: string;
  focus: string;
  tone: Record<Tone, string>;
  family: string;
  /** The root size, and the size of words on the map: on a wall no text is below 20 px at 1080p. */
  rootPx: number;
  labelPx: number;
  /** How much thicker lines are than on a desk: a 4K wall is read from afar. */
  scale: number;
}

export function readColors(element: Element): Colors {
  const style = getComputedStyle(element);
  const rootPx = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  return {
    ground: token('--ground'),
    land: token('--land'),
    line: token('--line'),
    lineStrong: token('--line-strong'),
    panel: token('--panel'),
    ink: token('--ink'),
    inkQuiet: token('--ink-quiet'),
    stale: token('--stale'),
    focus: token('--focus'),
    tone: {
      closed: token('--attention'),
      free: token('--free'),
      committed: token('--committed'),
      off: token('--line-strong'),
      imminent: token('--risk'),
      high: token('--high'),
      moderate: token('--moderate'),
      routine: token('--routine'),
      reach: token('--reach'),
      pick: token('--focus'),
    },
    family: token('--family'),
    rootPx,
    scale: Math.max(1, rootPx / 16),
    labelPx: rootPx * (parseFloat(style.getPropertyValue('--map-text')) || 0.85),
  };
}
