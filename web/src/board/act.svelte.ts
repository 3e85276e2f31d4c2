import { Problem, Unreachable } from '../api/http';
import { w } from '../words';

/** One thing at a time: runs a command, says what went wrong in words, and never loses what was typed. */
export class Act {
  busy = $state(false);
  failure = $state('');
  done = $state('');

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
      this.failure = failureText(error);
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

export function failureText(error: unknown): string {
  if (error instanceof Unreachable) return w.failure.unreachable;
  if (error instanceof Problem) return error.message;
  throw error;
}
