/** Night is the default; a person's choice stays on their machine. */
type Name = 'dark' | 'light';
const KEY = 'caretower.theme';

class Theme {
  now = $state<Name>('dark');

  /** Uses what was chosen here before, else what the screen prefers by itself. */
  begin(preferred: Name): void {
    this.#set((localStorage.getItem(KEY) as Name | null) ?? preferred);
  }

  toggle(): void {
    this.#set(this.now === 'dark' ? 'light' : 'dark');
    localStorage.setItem(KEY, this.now);
  }

  #set(name: Name): void {
    this.now = name;
    document.documentElement.dataset['theme'] = name;
  }
}

export const theme = new Theme();
