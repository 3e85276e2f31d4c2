import { untrack } from 'svelte';
import * as doors from '../api/doors';
import type { Outbox } from '../api/outbox.svelte';
import type { RideCard } from '../live/kinds';
import type { LiveClient } from '../live/client.svelte';
import { time } from '../live/time.svelte';
import type { Known, Riders } from './memory';
import { dueStop, gone, isAboard, ridersAhead, ridesAhead, stopsOf, takenAway } from './timetable';

/** A press so soon after the deed under the thumb changed was meant for the deed before. */
export const SETTLES_MS = 1_500;

type Feed = Pick<LiveClient, 'begun' | 'connection' | 'all'>;

/** A driver's rides: what stands ahead, who rides, what was taken away, and the steps that are said. */
export class Rides {
  riders = $state.raw<Riders>({});
  /** The ride whose rider could not be read. */
  unread = $state('');
  /** Rides that another van has now, or that were called off: they do not vanish in silence. */
  taken = $state.raw<RideCard[]>([]);
  /** False for a moment after another deed came under the thumb. */
  settled = $state(true);

  #feed: Feed;
  #outbox: Outbox;
  #van: string;
  #free: () => boolean;
  #before: RideCard[];
  #had: readonly RideCard[];
  #gone: readonly RideCard[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  readonly cards = $derived.by(() => (this.#feed.begun ? this.#feed.all<RideCard>('ride') : this.#before));
  readonly #ahead = $derived.by(() => ridesAhead(this.cards, this.#outbox.waiting));
  /** On a task only whoever is aboard stands here: they can always be dropped off. */
  readonly stops = $derived.by(() => stopsOf(this.#free() ? this.#ahead : this.#ahead.filter(isAboard)));
  readonly due = $derived.by(() => (this.#free() ? dueStop(this.stops, time.nowMs) : undefined));
  /** Whoever was dropped off is forgotten at once, in a dead spot too. */
  readonly known = $derived.by((): Known => ({ rides: this.cards, riders: ridersAhead(this.riders, this.#ahead) }));

  readonly #deed = $derived.by(() => this.due && `${this.due.ride.id} ${this.due.deed}`);
  /** Whom the driver fetches next is read before the dead spot. */
  readonly #wanted = $derived.by(() => {
    const id = this.due?.ride.id;
    return id && this.#feed.connection === 'connected' && !this.riders[id] ? id : undefined;
  });

  /** `free`: whether the van has no task. To be made while a page is, which it follows. */
  constructor(feed: Feed, outbox: Outbox, van: string, free: () => boolean, before: Known) {
    this.#feed = feed;
    this.#outbox = outbox;
    this.#van = van;
    this.#free = free;
    this.#before = before.rides ?? [];
    this.#had = ridesAhead(this.#before, outbox.waiting);
    this.riders = before.riders ?? {};
    $effect(() => this.#forget());
    $effect(() => this.#follow());
    $effect(() => {
      if (this.#deed) untrack(() => this.unsettle());
    });
    $effect(() => {
      const wanted = this.#wanted;
      if (wanted) untrack(() => void this.who(wanted));
    });
    $effect(() => () => clearTimeout(this.#timer));
  }

  /** Kept until the server has it. The van goes with it: the plan may move the ride meanwhile. */
  step(ride: string, step: string): void {
    if (!this.settled) return;
    this.unsettle();
    this.#outbox.put(ride, `/v1/rides/${ride}/steps`, { step, van: this.#van, at_ms: Math.round(time.exactMs()) });
  }

  unsettle(): void {
    this.settled = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.settled = true), SETTLES_MS);
  }

  async who(ride: string): Promise<void> {
    await doors.readRider(ride).then((found) => void (this.riders = { ...this.riders, [ride]: found }), () => void (this.unread = ride));
  }

  close(ride: string): void {
    this.taken = this.taken.filter(({ id }) => id !== ride);
  }

  #forget(): void {
    const { riders } = this.known;
    if (riders && Object.keys(riders).length < Object.keys(this.riders).length) this.riders = riders;
  }

  /** A ride that left the feed is looked up, once there is a network: it may have ended as it should. */
  #follow(): void {
    const [cards, ahead, connected] = [this.cards, this.#ahead, this.#feed.connection === 'connected'];
    untrack(() => {
      this.taken = gone(this.taken, cards);
      this.#gone = gone([...this.#gone, ...this.#had], cards);
      this.#had = ahead;
      if (connected && this.#gone.length) void this.#lookUp();
    });
  }

  async #lookUp(): Promise<void> {
    const missing = this.#gone;
    this.#gone = [];
    await doors.rides().then(
      (found) => void (this.taken = [...this.taken, ...takenAway(missing, found, time.nowMs)]),
      () => void (this.#gone = [...missing, ...this.#gone]),
    );
  }
}
