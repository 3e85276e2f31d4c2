import type * as doors from '../api/doors';
import { dropDraft, keepDraft, readDraft } from '../drafts';
import type { Pool, RideCard } from '../live/kinds';
import type { Task, Unit } from './task';

export type Place = Pick<Pool, 'id' | 'facility' | 'name' | 'phone' | 'lon' | 'lat'>;
export type Riders = Readonly<Record<string, doors.Rider>>;

export interface Known {
  unit?: Unit | undefined;
  task?: Task | undefined;
  place?: Place | undefined;
  packet?: doors.Packet | undefined;
  rides?: RideCard[];
  riders?: Riders;
}

const NAME = 'field';

/** What the phone knew last, for a reload in a dead spot; it ends with the log-in. */
export class Memory {
  readonly before = readDraft<Known>(NAME) ?? {};
  #ended = false;

  keep(known: Known): void {
    if (!this.#ended) keepDraft(NAME, known);
  }

  /** From here on nothing is written any more, however late the server hears of the log-out. */
  end(): void {
    this.#ended = true;
    dropDraft(NAME);
  }
}
