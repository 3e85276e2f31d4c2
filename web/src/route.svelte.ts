/** Where we are: `#/console/REQUEST` is screen `console` with argument `REQUEST`; `#/wall?reach=PLACE` asks for `reach` besides. */
class Route {
  screen = $state('');
  argument = $state('');
  asked = $state.raw(new URLSearchParams());

  constructor() {
    window.addEventListener('hashchange', () => this.#read());
    this.#read();
  }

  go(screen: string, argument = ''): void {
    location.hash = argument ? `/${screen}/${argument}` : `/${screen}`;
  }

  /** The argument leaves the address bar, what is asked stays. */
  dropArgument(): void {
    this.argument = '';
    this.#write();
  }

  /** What is asked survives a reload; null asks no more. */
  ask(name: string, value: string | null): void {
    const asked = new URLSearchParams(this.asked);
    if (value === null) asked.delete(name);
    else asked.set(name, value);
    this.asked = asked;
    this.#write();
  }

  #write(): void {
    const path = this.argument ? `${this.screen}/${encodeURIComponent(this.argument)}` : this.screen;
    history.replaceState(null, '', `#/${path}${this.asked.size ? `?${this.asked}` : ''}`);
  }

  #read(): void {
    const [path = '', asked = ''] = location.hash.split('?');
    const [, screen = '', argument = ''] = path.split('/');
    this.screen = screen;
    this.argument = decodeURIComponent(argument);
    this.asked = new URLSearchParams(asked);
  }
}

export const route = new Route();
