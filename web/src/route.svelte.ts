/** Where we are: `#/console/REQUEST` is screen `console` with argument `REQUEST`. */
class Route {
  screen = $state('');
  argument = $state('');

  constructor() {
    window.addEventListener('hashchange', () => this.#read());
    this.#read();
  }

  go(screen: string, argument = ''): void {
    location.hash = argument ? `/${screen}/${argument}` : `/${screen}`;
  }

  #read(): void {
    const [, screen = '', argument = ''] = location.hash.split('/');
    this.screen = screen;
    this.argument = decodeURIComponent(argument);
  }
}

export const route = new Route();
