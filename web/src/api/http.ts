import createClient from 'openapi-fetch';
import { v7 } from 'uuid';
import type { components, paths } from './schema';

type ProblemBody = Partial<components['schemas']['Problem']>;

/** An answer of the server that says no, in its own words (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly body: ProblemBody,
  ) {
    super(body.detail ?? body.title ?? String(status));
  }

  /** What is wrong with the input, field by field. */
  get faults(): string[] {
    return (this.body.fields ?? []).map(({ where, what }) => `${where.replace('body.', '')}: ${what}.`);
  }
}

/** The server could not be reached: nothing is known about the outcome, so the same id may be sent again. */
export class Unreachable extends Error {}

const TIMEOUT_MS = 15_000;
let token: string | null = null;
let onUnauthorized: () => void = () => {};

export function authorize(next: string | null, expired: () => void): void {
  token = next;
  onUnauthorized = expired;
}

export const newId = (): string => v7();

async function send(request: Request): Promise<Response> {
  // The server refuses a change that is not said in JSON, so that no foreign form can send one.
  if (request.method !== 'GET') request.headers.set('content-type', 'application/json');
  if (token) request.headers.set('authorization', `Bearer ${token}`);
  let response: Response;
  try {
    response = await fetch(request, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    throw new Unreachable(String(error));
  }
  if (response.status === 401 && token) onUnauthorized();
  if (!response.ok) throw new Problem(response.status, (await response.json().catch(() => ({}))) as ProblemBody);
  return response;
}

/** The client made from the server's own document; it throws `Problem` or `Unreachable`. */
export const server = createClient<paths>({ baseUrl: location.origin, fetch: send });

/** What a call answered. */
export async function data<T>(doing: Promise<{ data?: T }>): Promise<T> {
  return (await doing).data as T;
}

/** Sends a command that was kept: its path and body were made earlier, perhaps before a reload. */
export async function sendKept(path: string, body: object): Promise<unknown> {
  const response = await send(new Request(new URL(path, location.origin), { method: 'POST', body: JSON.stringify(body) }));
  return response.json().catch(() => null);
}
