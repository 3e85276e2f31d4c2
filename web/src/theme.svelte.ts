import { sunIsUp } from './board/sun';

/** Day and night: chosen by a person, or following the sun over the region. A choice stays on their machine. */
export type Mode = 'dark' | 'light' | 'sun';
const KEY = 'caretower.theme';
const NEXT: Record<Mode, Mode> = { dark: 'light', light: 'sun', sun: 'dark' };

class Theme {
  mode = $state<Mode>('dark');
  now = $state<'dark' | 'light'>('dark');
  #day = false;

  /** Uses what was chosen here before, else what the screen prefers by itself. */
  begin(preferred: Mode): void {
    const kept = localStorage.getItem(KEY) as Mode | null;
    this.#set(kept && kept in NEXT ? kept : preferred);
  }

  next(): void {
    this.#set(NEXT[this.mode]);
    localStorage.setItem(KEY, this.mode);
  }

  /** The sun may have risen or set: `ms` UTC, over the region's middle. */
  follow(ms: number, middle: readonly [lon: number, lat: number]): void {
    this.#day = sunIsUp(ms, middle);
    if (this.mode === 'sun') this.#set('sun');
  }

  #set(mode: Mode): void {
    this.mode = mode;
    this.now = mode === 'sun' ? (this.#day ? 'light' : 'dark') : mode;
    document.documentElement.dataset['theme'] = this.now;
  }
}

export const theme = new Theme();
