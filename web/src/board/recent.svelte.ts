import { readRequest } from '../api/doors';
import type { RequestCard } from '../live/kinds';
import { failureText } from './act.svelte';

/** How many ended requests stay at hand. */
const MOST = 12;

/** Requests that are not on the board (any more): what I owned when it ended, and what I opened by its address. */
export class Recent {
  cards = $state.raw<RequestCard[]>([]);
  failure = $state('');
  #before = new Map<string, RequestCard>();
  #asked = new Set<string>();

  constructor(readonly me: string) {}

  get(id: string | null): RequestCard | undefined {
    return this.cards.find((card) => card.id === id);
  }

  /** Compares the board with what was there: mine that left it, and the one on the screen, are read once more, as they ended. */
  follow(present: readonly RequestCard[], chosen: string | null): void {
    const now = new Map(present.map((card) => [card.id, card]));
    for (const [id, card] of this.#before) if (!now.has(id) && (card.owner === this.me || id === chosen)) void this.read(id, true);
    this.#before = now;
  }

  /** Reads a request that is not on the board; each reading is in the audit. */
  async read(id: string, again = false): Promise<void> {
    if (this.#asked.has(id) && !again) return;
    this.#asked.add(id);
    try {
      const { card } = await readRequest(id);
      this.cards = [card as RequestCard, ...this.cards.filter((each) => each.id !== id)].slice(0, MOST);
      this.failure = '';
    } catch (error) {
      this.failure = failureText(error);
    }
  }
}
