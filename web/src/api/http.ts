import { v7 } from 'uuid';

/** An answer of the server that says no, in its own words (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly body: Record<string, unknown>,
  ) {
    super(detail || title);
  }
}

/** The server could not be reached: nothing is known about the outcome, so the same id may be sent again. */
export class Unreachable extends Error {}

let token: string | null = null;
let onUnauthorized: () => void = () => {};

export function authorize(next: string | null, expired: () => void): void {
  token = next;
  onUnauthorized = expired;
}

export const newId = (): string => v7();

export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (token) headers['authorization'] = `Bearer ${token}`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(15_000),
    });
  } catch (error) {
    throw new Unreachable(String(error));
  }
  if (response.status === 401 && token) onUnauthorized();
  if (!response.ok) throw await problemOf(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => ({}));
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  return new Problem(response.status, String(fields['title'] ?? response.statusText), String(fields['detail'] ?? ''), fields);
}
