import { refusalText } from '../board/refusal';
import { newId, Problem, sendKept, Unreachable } from './http';

/** One command that waits to be sent. Its id is made once: however often it is sent, it happens once. */
export interface Waiting {
  command_id: string;
  path: string;
  body: Record<string, unknown>;
  /** The unit or person that it concerns. */
  subject: string;
}

export interface Refusal {
  subject: string;
  text: string;
}

const KEY = 'caretower.outbox.';
const RETRY_MS = 3_000;

/** Commands that survive a lost network and a reload: sent in order, each with the id it was born with. */
export class Outbox {
  waiting = $state<Waiting[]>([]);
  refusals = $state<Refusal[]>([]);
  #sending = false;
  #answered = new Map<string, (answer: unknown) => void>();
  #timer: ReturnType<typeof setInterval>;
  #key: string;

  /** `lane`: what must not wait behind the others has an outbox of its own. */
  constructor(account: string, lane = '') {
    this.#key = KEY + account + lane;
    this.waiting = JSON.parse(localStorage.getItem(this.#key) ?? '[]') as Waiting[];
    this.#timer = setInterval(() => void this.flush(), RETRY_MS);
    window.addEventListener('online', this.#now);
    void this.flush();
  }

  /** Answers the command's id. `replaces`: a whole count makes an older unsent one of the same subject needless; a walk-in does not. `answered` hears what the server said, null for a refusal. */
  put(subject: string, path: string, body: Record<string, unknown>, replaces = false, answered?: (answer: unknown) => void): string {
    const sent = this.#sending ? 1 : 0;
    const kept = this.waiting.filter((each, index) => index < sent || !replaces || each.subject !== subject || each.path !== path);
    const command_id = newId();
    if (answered) this.#answered.set(command_id, answered);
    this.waiting = [...kept, { command_id, path, body, subject }];
    this.refusals = this.refusals.filter((each) => each.subject !== subject);
    this.#keep();
    void this.flush();
    return command_id;
  }

  /** Takes back what was not sent yet; false when it is on its way or done. */
  drop(command_id: string): boolean {
    const index = this.waiting.findIndex((each) => each.command_id === command_id);
    if (index < (this.#sending ? 1 : 0)) return false;
    this.waiting = this.waiting.filter((each) => each.command_id !== command_id);
    this.#keep();
    return true;
  }

  has(subject: string): boolean {
    return this.waiting.some((each) => each.subject === subject);
  }

  /** The crew has read it. */
  dismiss(subject: string): void {
    this.refusals = this.refusals.filter((each) => each.subject !== subject);
  }

  /** Forgets what was not sent: at log-out nothing stays on the device. */
  clear(): void {
    this.waiting = [];
    localStorage.removeItem(this.#key);
  }

  /** Sends what waits, in order; stops at the first that cannot be sent now. */
  async flush(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      while (this.waiting[0] && (await this.#send(this.waiting[0]))) {
        this.waiting = this.waiting.slice(1);
        this.#keep();
      }
    } finally {
      this.#sending = false;
    }
  }

  stop(): void {
    clearInterval(this.#timer);
    window.removeEventListener('online', this.#now);
  }

  #now = (): void => void this.flush();

  /** True when the server has answered for good; false when the same id must be tried again. */
  async #send({ command_id, path, body, subject }: Waiting): Promise<boolean> {
    try {
      const answer = await sendKept(path, { command_id, ...body });
      this.#answered.get(command_id)?.(answer);
      this.#answered.delete(command_id);
      return true;
    } catch (error) {
      if (error instanceof Unreachable) return false;
      if (!(error instanceof Problem)) throw error;
      if (error.status >= 500 || error.status === 429 || error.status === 401) return false;
      this.#answered.get(command_id)?.(null);
      this.#answered.delete(command_id);
      this.refusals = [...this.refusals.filter((each) => each.subject !== subject), { subject, text: refusalText(error.body, () => null) }];
      return true;
    }
  }

  #keep(): void {
    localStorage.setItem(this.#key, JSON.stringify(this.waiting));
  }
}
