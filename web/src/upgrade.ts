/** True when the server now serves another build than the one that runs here. */
export async function upgraded(): Promise<boolean> {
  const own = document.querySelector<HTMLScriptElement>('script[type=module][src]');
  if (!own || import.meta.env.DEV) return false;
  try {
    const page = await fetch('/', { cache: 'no-store', headers: { accept: 'text/html' } });
    return page.ok && !(await page.text()).includes(new URL(own.src).pathname);
  } catch {
    return false;
  }
}
