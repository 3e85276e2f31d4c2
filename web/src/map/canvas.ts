import { lines, type BaseMap } from './basemap';
import type { Colors } from './colors';
import { fit, panBy, project, scale, unproject, world, zoomAt, type Bounds, type LonLat, type Pixel, type View } from './geometry';
import type { Ground, GroundEvents } from './ground';

/** The ground on a plain 2D canvas: smooth where there is no graphics card. */
export class CanvasGround implements Ground {
  readonly name = 'canvas';
  #canvas = document.createElement('canvas');
  #context: CanvasRenderingContext2D;
  #view: View = { center: [0, 0], zoom: 0, width: 1, height: 1 };
  #origin: Pixel = [0, 0];
  #land = new Path2D();
  #borders = new Path2D();
  #authorities = new Path2D();
  #roads = new Path2D();
  #colors: Colors | null = null;
  #frame = 0;
  #pointers = new Map<number, Pixel>();
  #travelled = 0;
  #unlisten = new AbortController();

  constructor(
    readonly host: HTMLElement,
    base: BaseMap,
    readonly events: GroundEvents,
    readonly movable: boolean,
  ) {
    const context = this.#canvas.getContext('2d', { alpha: false });
    if (!context) throw new Error('no 2D canvas');
    this.#context = context;
    this.#canvas.className = 'ground';
    host.prepend(this.#canvas);
    this.#build(base);
    this.#listen();
    this.resize();
  }

  project(place: LonLat): Pixel {
    return project(this.#view, place);
  }

  fit(bounds: Bounds, paddingPx: number): void {
    this.#show(fit(bounds, this.#view.width, this.#view.height, paddingPx));
  }

  zoomBy(steps: number): void {
    this.#show(zoomAt(this.#view, [this.#view.width / 2, this.#view.height / 2], steps));
  }

  panBy(dxPx: number, dyPx: number): void {
    this.#show(panBy(this.#view, dxPx, dyPx));
  }

  paint(colors: Colors): void {
    this.#colors = colors;
    this.#ask();
  }

  resize(): void {
    const { clientWidth: width, clientHeight: height } = this.host;
    const ratio = window.devicePixelRatio || 1;
    this.#canvas.width = Math.max(1, Math.round(width * ratio));
    this.#canvas.height = Math.max(1, Math.round(height * ratio));
    this.#show({ ...this.#view, width: Math.max(1, width), height: Math.max(1, height) });
  }

  destroy(): void {
    this.#unlisten.abort();
    cancelAnimationFrame(this.#frame);
    this.#canvas.remove();
  }

  #show(view: View): void {
    this.#view = view;
    this.#ask();
  }

  #ask(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => {
      this.#draw();
      this.events.moved();
    });
  }

  /** Paths are kept relative to the base map's own corner: single precision is fine there. */
  #build(base: BaseMap): void {
    const first = base.counties[0] ?? base.authorities[0];
    const start = first && lines(first.geometry)[0]?.[0];
    this.#origin = start ? world([start[0]!, start[1]!]) : [0, 0];
    for (const county of base.counties) {
      this.#trace(this.#land, county.geometry);
      this.#trace(this.#borders, county.geometry);
    }
    for (const authority of base.authorities) {
      if (base.counties.length === 0) this.#trace(this.#land, authority.geometry);
      this.#trace(this.#authorities, authority.geometry);
    }
    for (const road of base.roads) this.#trace(this.#roads, road.geometry);
  }

  #trace(path: Path2D, geometry: Parameters<typeof lines>[0]): void {
    for (const line of lines(geometry)) {
      line.forEach(([lon, lat], index) => {
        const [x, y] = this.#local([lon!, lat!]);
        if (index) path.lineTo(x, y);
        else path.moveTo(x, y);
      });
    }
  }

  #local(place: LonLat): Pixel {
    const [x, y] = world(place);
    return [(x - this.#origin[0]) * 1e4, (y - this.#origin[1]) * 1e4];
  }

  #draw(): void {
    const colors = this.#colors;
    if (!colors) return;
    const context = this.#context;
    const ratio = window.devicePixelRatio || 1;
    const size = scale(this.#view.zoom) / 1e4;
    const [x, y] = this.#local(this.#view.center);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = colors.ground;
    context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    context.setTransform(
      size * ratio, 0, 0, size * ratio,
      (this.#view.width / 2 - x * size) * ratio,
      (this.#view.height / 2 - y * size) * ratio,
    );
    context.fillStyle = colors.land;
    context.fill(this.#land, 'nonzero');
    context.lineJoin = 'round';
    const pixel = colors.scale / size;
    this.#stroke(this.#roads, colors.line, 1.6 * pixel, 1);
    this.#stroke(this.#borders, colors.line, 0.8 * pixel, 0.6);
    this.#stroke(this.#authorities, colors.lineStrong, 1.2 * pixel, 0.9);
    context.setTransform(1, 0, 0, 1, 0, 0);
  }

  #stroke(path: Path2D, color: string, width: number, alpha: number): void {
    this.#context.globalAlpha = alpha;
    this.#context.strokeStyle = color;
    this.#context.lineWidth = width;
    this.#context.stroke(path);
    this.#context.globalAlpha = 1;
  }

  #listen(): void {
    const { signal } = this.#unlisten;
    const host = this.host;
    host.addEventListener('pointerdown', (event) => this.#down(event), { signal });
    host.addEventListener('pointermove', (event) => this.#drag(event), { signal });
    host.addEventListener('pointerup', (event) => this.#up(event), { signal });
    host.addEventListener('pointercancel', (event) => this.#pointers.delete(event.pointerId), { signal });
    if (!this.movable) return;
    host.addEventListener(
      'wheel',
      (event) => {
        event.preventDefault();
        this.#show(zoomAt(this.#view, this.#at(event), -event.deltaY / (event.deltaMode === 1 ? 12 : 300)));
      },
      { signal, passive: false },
    );
  }

  #at(event: MouseEvent): Pixel {
    const box = this.host.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #down(event: PointerEvent): void {
    if (event.target instanceof Element && event.target.closest('button')) return;
    this.#pointers.set(event.pointerId, this.#at(event));
    this.#travelled = 0;
    this.host.setPointerCapture(event.pointerId);
  }

  #drag(event: PointerEvent): void {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = this.#at(event);
    const others = [...this.#pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    this.#pointers.set(event.pointerId, now);
    this.#travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (!this.movable) return;
    const other = others[0];
    if (other) {
      const [was, is] = [before, now].map((at) => Math.hypot(at[0] - other[0], at[1] - other[1])) as [number, number];
      this.#show(zoomAt(this.#view, [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2], Math.log2(is / Math.max(was, 1))));
    } else {
      this.#show(panBy(this.#view, now[0] - before[0], now[1] - before[1]));
    }
  }

  #up(event: PointerEvent): void {
    if (!this.#pointers.delete(event.pointerId) || this.#travelled > 5) return;
    const at = this.#at(event);
    this.events.clicked(at, unproject(this.#view, at));
  }
}
