import { reportPositions } from '../api/doors';
import { Problem, Unreachable } from '../api/http';
import { time } from '../live/time.svelte';
import { COARSE_M, kept, worth, type Point } from './track';

/** `insecure`: the browser gives positions only to a page that came over https, or from localhost. */
export type Sharing = 'off' | 'asking' | 'on' | 'coarse' | 'denied' | 'unavailable' | 'insecure';

const SEND_MS = 15_000;
const KEY = 'caretower.position';

/** The phone's position as the unit's: thinned, sent in batches, kept through a dead spot, off by a switch. */
export class Positions {
  state = $state<Sharing>('off');
  accuracyM = $state<number | null>(null);
  sentMs = $state<number | null>(null);
  #waiting: Point[] = [];
  #last: Point | null = null;
  #watch: number | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly kind: 'team' | 'van',
    private readonly unit: string,
  ) {
    if (localStorage.getItem(KEY) === 'on') this.start();
  }

  start(): void {
    localStorage.setItem(KEY, 'on');
    if (!window.isSecureContext) return void (this.state = 'insecure');
    if (!navigator.geolocation) return void (this.state = 'unavailable');
    this.state = 'asking';
    this.#watch ??= navigator.geolocation.watchPosition(this.#took, this.#failed, { enableHighAccuracy: true, maximumAge: 5_000, timeout: 60_000 });
    this.#timer ??= setInterval(() => void this.#send(), SEND_MS);
  }

  /** The switch: nothing is watched any more, and what was not sent is forgotten. */
  turnOff(): void {
    localStorage.removeItem(KEY);
    this.stop();
    this.#waiting = [];
    this.state = 'off';
  }

  stop(): void {
    if (this.#watch !== undefined) navigator.geolocation.clearWatch(this.#watch);
    clearInterval(this.#timer);
    this.#watch = this.#timer = undefined;
  }

  #took = (found: GeolocationPosition): void => {
    const { longitude, latitude, accuracy } = found.coords;
    const ageMs = Math.max(0, Date.now() - found.timestamp);
    const point: Point = { lon: longitude, lat: latitude, at_ms: Math.round(time.exactMs() - ageMs), accuracy_m: Math.round(accuracy) };
    this.accuracyM = point.accuracy_m;
    this.state = point.accuracy_m > COARSE_M ? 'coarse' : 'on';
    if (!worth(this.#last, point)) return;
    const first = this.#last === null;
    this.#last = point;
    this.#waiting = kept(this.#waiting, point);
    if (first) void this.#send();
  };

  #failed = (error: GeolocationPositionError): void => {
    this.state = error.code === error.PERMISSION_DENIED ? 'denied' : 'unavailable';
  };

  async #send(): Promise<void> {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    try {
      await reportPositions(batch.map((point) => ({ kind: this.kind, id: this.unit, ...point })));
      this.sentMs = time.exactMs();
    } catch (error) {
      // A refused batch would be refused again; one that was not heard is sent later, before newer points.
      if (error instanceof Unreachable || (error instanceof Problem && (error.status >= 500 || error.status === 429))) this.#waiting = [...batch, ...this.#waiting].slice(-500);
      else if (!(error instanceof Problem)) throw error;
    }
  }
}
