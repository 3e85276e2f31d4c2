import { Problem, Unreachable } from '../api/http';
import { w } from '../words';
import { refusalText, type NameOf } from './refusal';

const NAMELESS: NameOf = () => null;

/** One thing at a time: runs a command, says what went wrong in words, and never loses what was typed. */
export class Act {
  busy = $state(false);
  failure = $state('');
  done = $state('');

  constructor(private readonly nameOf: NameOf = NAMELESS) {}

  async run(doing: () => Promise<unknown>, said = ''): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.failure = '';
    this.done = '';
    try {
      await doing();
      this.done = said;
      return true;
    } catch (error) {
      this.failure = failureText(error, this.nameOf);
      return false;
    } finally {
      this.busy = false;
    }
  }

  clear(): void {
    this.failure = '';
    this.done = '';
  }
}

export function failureText(error: unknown, nameOf: NameOf = NAMELESS): string {
  if (error instanceof Unreachable) return w.failure.unreachable;
  if (error instanceof Problem) return [refusalText(error.body, nameOf), ...error.faults].join(' ');
  throw error;
}
