/** Half-written forms survive a reload and a lost connection, and end with the tab, the log-out, or another's log-in. */
const PREFIX = 'caretower.draft.';
const OWNER = 'caretower.drafts-of';

export function keepDraft(name: string, value: unknown): void {
  sessionStorage.setItem(PREFIX + name, JSON.stringify(value));
}

export function readDraft<T>(name: string): T | null {
  const kept = sessionStorage.getItem(PREFIX + name);
  return kept ? (JSON.parse(kept) as T) : null;
}

export function dropDraft(name: string): void {
  sessionStorage.removeItem(PREFIX + name);
}

export function clearDrafts(): void {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
}

/** Whoever logs in where somebody else's session ended finds none of theirs. */
export function claimDrafts(account: string): void {
  if (sessionStorage.getItem(OWNER) !== account) clearDrafts();
  sessionStorage.setItem(OWNER, account);
}
