import { authorize, data, server } from './api/http';
import type { components } from './api/schema';
import { claimDrafts, clearDrafts } from './drafts';

export type Account = components['schemas']['Account'];

interface Stored {
  token: string;
  expires_ms: number;
  account: Account;
}

/** A wall keeps its device token over restarts; a person's log-in ends with the tab. */
const KEY = 'caretower.session';
const store = (role: string): Storage => (role === 'wall' ? localStorage : sessionStorage);

class Session {
  account = $state<Account | null>(null);
  expired = $state(false);

  constructor() {
    const kept = sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY);
    if (kept) this.#take(JSON.parse(kept) as Stored);
  }

  async logIn(name: string, password: string): Promise<void> {
    const stored = await data(server.POST('/v1/sessions', { body: { name, password } }));
    claimDrafts(stored.account.id);
    store(stored.account.role).setItem(KEY, JSON.stringify(stored));
    this.#take(stored);
  }

  /** Begins a session with a wall's device token. */
  async admitWall(token: string): Promise<void> {
    authorize(token, () => {});
    const account = await data(server.GET('/v1/me'));
    const stored: Stored = { token, expires_ms: 0, account };
    localStorage.setItem(KEY, JSON.stringify(stored));
    this.#take(stored);
  }

  async logOut(): Promise<void> {
    try {
      await server.DELETE('/v1/sessions');
    } finally {
      clearDrafts();
      this.#forget();
    }
  }

  #take(stored: Stored): void {
    this.expired = false;
    this.account = stored.account;
    authorize(stored.token, () => {
      this.expired = true;
      this.#forget();
    });
  }

  #forget(): void {
    sessionStorage.removeItem(KEY);
    localStorage.removeItem(KEY);
    authorize(null, () => {});
    this.account = null;
  }
}

export const session = new Session();
