import type { BasePlace } from './basemap';
import type { Colors } from './colors';
import { spread, type LonLat, type Pixel } from './geometry';
import { middle } from './ways';
import { POSITION, type Area, type Mark, type Route, type Scene, type Trail, visible } from './scene';

export interface Placed {
  mark: Mark;
  /** Where it is drawn and where it really is, in pixels. */
  at: Pixel;
  home: Pixel;
  width: number;
  height: number;
}

type Context = CanvasRenderingContext2D;
type Projection = (place: LonLat) => Pixel;

/** Size of a mark in root units (16 px at 1080p). */
const SIZES: Record<Mark['shape'], readonly [width: number, height: number]> = {
  facility: [2, 1.75],
  team: [1.4, 1.4],
  van: [1.75, 1],
  waiting: [5.6, 1.9],
  person: [2, 2],
  pick: [2, 2],
};
const MOVING = new Set<Mark['shape']>(['team', 'van']);

/** A unit under way with a fresh position is drawn exactly where it is. */
const moves = (mark: Mark): boolean => MOVING.has(mark.shape) && mark.tone !== 'free' && (mark.positionAgeS ?? POSITION.ring_s) < POSITION.ring_s;

/**
 * Decides where each mark goes: what stands still goes where it covers nothing, the weightiest
 * first and inside `frame` (pixels); what moves is drawn where it is. `before` says by a mark's id
 * how far from its home it was put last.
 */
export function place(scene: Scene, project: Projection, unit: number, frame: readonly [width: number, height: number] | null = null, before: ReadonlyMap<string, Pixel> = new Map()): Placed[] {
  const placed = merged(visible(scene.marks)).map((mark): Placed => {
    const home = project(mark.place);
    const [width, height] = SIZES[mark.shape];
    return { mark, at: home, home, width: width * unit, height: height * unit };
  });
  placed.sort((a, b) => rank(a.mark) - rank(b.mark));
  const still = placed.filter(({ mark }) => !moves(mark)).reverse();
  const free = spread(still.map(({ home, width, height }) => ({ x: home[0], y: home[1], width, height })), frame, still.map(({ mark }) => before.get(mark.id)));
  still.forEach((item, index) => (item.at = free[index]!));
  return placed;
}

/** Vehicles at exactly one place (a base, an authority's centre) become one mark with their number. */
function merged(marks: Mark[]): Mark[] {
  const groups = new Map<string, Mark[]>();
  for (const mark of marks) {
    const key = MOVING.has(mark.shape) && !mark.chosen ? `${mark.shape} ${mark.tone} ${mark.faded} ${mark.place}` : mark.id;
    const group = groups.get(key);
    if (group) group.push(mark);
    else groups.set(key, [mark]);
  }
  return [...groups.values()].map((group) =>
    group.length === 1 ? group[0]! : { ...group[0]!, text: String(group.length), label: group.map((mark) => mark.label).filter(Boolean).slice(0, 2).join(', ') },
  );
}

function rank(mark: Mark): number {
  const base = { van: 0, team: 1, facility: 2, waiting: 3, person: 4, pick: 5 }[mark.shape];
  return base + (mark.chosen ? 10 : 0) - (mark.faded ? 10 : 0);
}

export function hit(placed: readonly Placed[], x: number, y: number): Mark | null {
  for (let index = placed.length - 1; index >= 0; index--) {
    const { mark, at, width, height } = placed[index]!;
    if (Math.abs(x - at[0]) <= width / 2 + 3 && Math.abs(y - at[1]) <= height / 2 + 3) return mark;
  }
  return null;
}

export function drawScene(context: Context, scene: Scene, placed: readonly Placed[], project: Projection, colors: Colors): void {
  for (const area of scene.areas ?? []) drawArea(context, area, project, colors);
  drawTrails(context, scene.trails ?? [], project, colors);
  for (const route of scene.routes) drawRoute(context, route, project, colors);
  drawRouteLabels(context, scene.routes, project, colors);
  for (const item of placed) drawLeader(context, item, colors);
  for (const item of placed) drawMark(context, item, colors);
  drawLabels(context, placed, colors);
}

/** Words beside marks where they cover nothing, the chosen first; only a chosen mark insists on its name. */
function drawLabels(context: Context, placed: readonly Placed[], colors: Colors): void {
  const taken: Box[] = placed.map(({ at, width, height }) => ({ x: at[0], y: at[1], width, height }));
  const named = placed.filter(({ mark }) => mark.label && !mark.faded).sort((a, b) => Number(b.mark.chosen ?? false) - Number(a.mark.chosen ?? false));
  context.font = `600 ${colors.labelPx}px ${colors.family}`;
  context.textBaseline = 'middle';
  context.textAlign = 'center';
  for (const { mark, at: [x, y], width, height } of named) {
    const [wide, tall] = [context.measureText(mark.label!).width + 4, colors.labelPx * 1.2];
    const aside = (width + wide) / 2 + 6;
    const above = (height + tall) / 2 + 3;
    const tries: Box[] = [[x + aside, y], [x - aside, y], [x, y + above], [x, y - above]].map(([left, top]) => ({ x: left!, y: top!, width: wide, height: tall }));
    const free = tries.find((box) => !taken.some((other) => overlaps(box, other)) && box.x - wide / 2 > 0 && box.x + wide / 2 < context.canvas.clientWidth) ?? (mark.chosen ? tries[0] : undefined);
    if (!free) continue;
    taken.push(free);
    outlinedText(context, mark.label!, free.x, free.y, colors.ink, colors.ground);
  }
}

/** Names of towns where there is room, the large ones first. */
export function drawPlaces(context: Context, places: readonly BasePlace[], project: Projection, colors: Colors, taken: readonly Placed[], most: number): void {
  const unit = colors.rootPx;
  const size = colors.labelPx;
  const boxes = taken.map(({ at, width, height }) => ({ x: at[0], y: at[1], width, height }));
  context.font = `450 ${size}px ${colors.family}`;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  let drawn = 0;
  for (const town of places) {
    if (drawn >= most) break;
    const [x, y] = project(town.at);
    if (x < 0 || y < 0 || x > context.canvas.clientWidth || y > context.canvas.clientHeight) continue;
    const width = context.measureText(town.name).width + unit;
    const box = { x: x + width / 2, y, width, height: size * 1.3 };
    if (x + width > context.canvas.clientWidth || boxes.some((other) => overlaps(box, other))) continue;
    boxes.push(box);
    context.fillStyle = colors.inkQuiet;
    context.globalAlpha = 0.85;
    context.beginPath();
    context.arc(x, y, unit * 0.14, 0, 2 * Math.PI);
    context.fill();
    outlinedText(context, town.name, x + unit * 0.4, y, colors.inkQuiet, colors.land);
    context.globalAlpha = 1;
    drawn++;
  }
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
const overlaps = (a: Box, b: Box): boolean =>
  Math.abs(a.x - b.x) < (a.width + b.width) / 2 && Math.abs(a.y - b.y) < (a.height + b.height) / 2;

/** Thin behind everything, the older half of each fainter; drawn by the stroke, not by the segment. */
function drawTrails(context: Context, trails: readonly Trail[], project: Projection, colors: Colors): void {
  const strokes = new Map<string, { path: Path2D; color: string; alpha: number }>();
  const stroke = (trail: Trail, older: boolean): Path2D => {
    const key = `${trail.tone} ${trail.faded} ${older}`;
    let found = strokes.get(key);
    if (!found) strokes.set(key, (found = { path: new Path2D(), color: colors.tone[trail.tone], alpha: (trail.faded ? 0.25 : 0.7) * (older ? 0.45 : 1) }));
    return found.path;
  };
  for (const trail of trails) {
    const points = trail.places.map(project);
    const half = points.length >> 1;
    for (const [from, to, older] of [[0, half, true], [half, points.length - 1, false]] as const) {
      if (to <= from) continue;
      const path = stroke(trail, older);
      path.moveTo(...points[from]!);
      for (let index = from + 1; index <= to; index++) path.lineTo(...points[index]!);
    }
  }
  context.lineWidth = 2.5 * colors.scale;
  context.lineCap = context.lineJoin = 'round';
  for (const { path, color, alpha } of strokes.values()) {
    context.globalAlpha = alpha;
    context.strokeStyle = color;
    context.stroke(path);
  }
  context.globalAlpha = 1;
}

function drawRoute(context: Context, route: Route, project: Projection, colors: Colors): void {
  const points = route.places.map(project);
  if (points.length < 2) return;
  context.save();
  context.globalAlpha = route.faded ? 0.35 : 1;
  context.lineJoin = context.lineCap = 'round';
  if (route.dashed) context.setLineDash([8 * colors.scale, 8 * colors.scale]);
  context.beginPath();
  points.forEach(([x, y], index) => (index ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.strokeStyle = colors.ground;
  context.lineWidth = 6 * colors.scale;
  context.stroke();
  context.strokeStyle = colors.tone[route.tone];
  context.lineWidth = 3 * colors.scale;
  context.stroke();
  context.restore();
}

/** Arrival times on their lines, each where it covers no other. */
function drawRouteLabels(context: Context, routes: readonly Route[], project: Projection, colors: Colors): void {
  const taken: Box[] = [];
  for (const route of routes) {
    if (!route.label || route.faded || route.places.length < 2) continue;
    context.font = `650 ${colors.labelPx}px ${colors.family}`;
    const [width, height] = [context.measureText(route.label).width + colors.labelPx, colors.labelPx * 1.6];
    const tries = [0.5, 0.3, 0.7, 0.15, 0.85].map((share) => project(middle(route.places, share)));
    const [x, y] = tries.find(([x, y]) => !taken.some((other) => overlaps({ x, y, width, height }, other))) ?? tries[0]!;
    taken.push({ x, y, width, height });
    routeLabel(context, route.label, [x, y], colors.tone[route.tone], colors);
  }
}

/** Land that is within reach, or where roads are closed: under the marks, so that it hides nobody. */
function drawArea(context: Context, area: Area, project: Projection, colors: Colors): void {
  const rings = area.rings.map((ring) => ring.map(project));
  const color = colors.tone[area.tone];
  context.save();
  context.beginPath();
  for (const ring of rings) {
    ring.forEach(([x, y], index) => (index ? context.lineTo(x, y) : context.moveTo(x, y)));
    if (area.shape === 'area') context.closePath();
  }
  context.strokeStyle = context.fillStyle = color;
  context.lineJoin = context.lineCap = 'round';
  if (area.shape === 'area') {
    context.globalAlpha = area.fill ?? 0;
    context.fill('evenodd');
    context.globalAlpha = 0.9;
    context.lineWidth = (area.hatched ? 2 : 1.5) * colors.scale;
  } else {
    context.globalAlpha = 0.95;
    context.lineWidth = 5 * colors.scale;
  }
  if (area.hatched) context.setLineDash([3 * colors.scale, 6 * colors.scale]);
  context.stroke();
  context.restore();
  const [first] = rings;
  if (!area.label || !first?.length) return;
  const top = first.reduce((best, point) => (point[1] < best[1] ? point : best));
  const at: Pixel = area.shape === 'line' ? first[Math.floor(first.length / 2)]! : top;
  routeLabel(context, area.label, at, color, colors);
}

function routeLabel(context: Context, text: string, [x, y]: Pixel, color: string, colors: Colors): void {
  context.font = `650 ${colors.labelPx}px ${colors.family}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  const width = context.measureText(text).width + colors.labelPx;
  const height = colors.labelPx * 1.6;
  context.beginPath();
  context.roundRect(x - width / 2, y - height / 2, width, height, 4);
  context.fillStyle = colors.panel;
  context.fill();
  context.strokeStyle = color;
  context.lineWidth = 1.5 * colors.scale;
  context.stroke();
  context.fillStyle = color;
  context.fillText(text, x, y);
}

function drawLeader(context: Context, { at, home, mark }: Placed, colors: Colors): void {
  if (Math.hypot(at[0] - home[0], at[1] - home[1]) < colors.rootPx) return;
  context.globalAlpha = mark.faded ? 0.25 : 0.7;
  context.strokeStyle = colors.lineStrong;
  context.lineWidth = colors.scale;
  context.beginPath();
  context.moveTo(at[0], at[1]);
  context.lineTo(home[0], home[1]);
  context.stroke();
  context.globalAlpha = 1;
}

function drawMark(context: Context, item: Placed, colors: Colors): void {
  const { mark } = item;
  context.save();
  context.globalAlpha = mark.faded ? 0.3 : (mark.positionAgeS ?? 0) >= POSITION.fade_s ? 0.55 : 1;
  outline(context, item);
  fillMark(context, item, colors);
  context.restore();
  context.globalAlpha = mark.faded ? 0.4 : 1;
  if (mark.chosen) drawChosen(context, item, colors);
  if (mark.leaving) drawLeaving(context, item, colors);
  if (mark.text) drawText(context, item, colors);
  context.globalAlpha = 1;
}

function outline(context: Context, { mark, at: [x, y], width, height }: Placed): void {
  context.beginPath();
  switch (mark.shape) {
    case 'facility':
      context.roundRect(x - width / 2, y - height / 2, width, height, 2);
      break;
    case 'team':
      context.arc(x, y, width / 2, 0, 2 * Math.PI);
      break;
    case 'van':
      context.roundRect(x - width / 2, y - height / 2, width, height, height / 2);
      break;
    case 'waiting':
      context.roundRect(x - width / 2, y - height / 2, width, height, height / 4);
      break;
    default:
      context.moveTo(x, y - height / 2);
      context.lineTo(x + width / 2, y);
      context.lineTo(x, y + height / 2);
      context.lineTo(x - width / 2, y);
      context.closePath();
  }
}

function fillMark(context: Context, item: Placed, colors: Colors): void {
  const { mark } = item;
  const color = mark.fresh === 'stale' ? colors.stale : colors.tone[mark.tone];
  const solid = (mark.shape === 'team' || mark.shape === 'van') && mark.tone === 'free';
  context.fillStyle = solid || mark.shape === 'person' ? color : mark.fresh === 'no_response' ? 'transparent' : colors.panel;
  context.fill();
  if (mark.fresh === 'stale') {
    hatch(context, item, colors.stale);
    outline(context, item);
  }
  const ringed = (mark.positionAgeS ?? 0) >= POSITION.ring_s;
  if (mark.fresh === 'no_response' || ringed) context.setLineDash([4 * colors.scale, 3 * colors.scale]);
  if (solid && ringed) {
    outline(context, { ...item, width: item.width - 6, height: item.height - 6 });
    context.lineWidth = 1.5 * colors.scale;
    context.strokeStyle = colors.ground;
    context.stroke();
    return;
  }
  context.lineWidth = (mark.shape === 'waiting' ? 3 : 2) * colors.scale;
  context.strokeStyle = color;
  context.stroke();
}

function hatch(context: Context, { at: [x, y], width, height }: Placed, color: string): void {
  context.save();
  context.clip();
  context.strokeStyle = color;
  context.globalAlpha *= 0.45;
  context.lineWidth = 1.5;
  context.beginPath();
  for (let offset = -height; offset < width; offset += 6) {
    context.moveTo(x - width / 2 + offset, y + height / 2);
    context.lineTo(x - width / 2 + offset + height, y - height / 2);
  }
  context.stroke();
  context.restore();
}

function drawChosen(context: Context, item: Placed, colors: Colors): void {
  context.save();
  outline(context, { ...item, width: item.width + 8, height: item.height + 8 });
  context.strokeStyle = colors.ink;
  context.lineWidth = 2.5 * colors.scale;
  context.stroke();
  context.restore();
}

/** A small clock at the corner: its shift ends soon. */
function drawLeaving(context: Context, { at, width, height }: Placed, colors: Colors): void {
  const radius = colors.rootPx * 0.34;
  const [x, y] = [at[0] + width / 2, at[1] - height / 2];
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = colors.panel;
  context.fill();
  context.lineWidth = 1.5 * colors.scale;
  context.strokeStyle = colors.tone.high;
  context.stroke();
  context.beginPath();
  context.moveTo(x, y - radius * 0.7);
  context.lineTo(x, y);
  context.lineTo(x + radius * 0.55, y);
  context.stroke();
}

function drawText(context: Context, { mark, at, width, height }: Placed, colors: Colors): void {
  const solid = (mark.shape === 'team' || mark.shape === 'van') && mark.tone === 'free';
  let size = height * (mark.shape === 'facility' ? 0.78 : 0.72);
  context.font = `700 ${size}px ${colors.family}`;
  const wide = context.measureText(mark.text!).width;
  if (wide > width * 0.88) context.font = `700 ${(size *= (width * 0.88) / wide)}px ${colors.family}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillStyle = solid ? colors.ground : mark.shape === 'waiting' ? colors.tone[mark.tone] : colors.ink;
  context.fillText(mark.text!, at[0], at[1] + size * 0.04);
}

function outlinedText(context: Context, text: string, x: number, y: number, color: string, edge: string): void {
  context.lineJoin = 'round';
  context.lineWidth = 4;
  context.strokeStyle = edge;
  context.strokeText(text, x, y);
  context.fillStyle = color;
  context.fillText(text, x, y);
}
