// What stands in the address of a page.

export const partOfPath = (index: number): string =>
  decodeURIComponent(location.pathname.split('/').filter(Boolean)[index] ?? '');

export const inQuery = (name: string): string | null =>
  new URLSearchParams(location.search).get(name);

// Where to go after signing in: a page of this site, never another host.
export function safeNext(wish: string | null): string {
  return wish !== null && /^\/(?![/\\])[\x21-\x7e]*$/.test(wish) ? wish : '/tickets';
}

export function goToSignIn(): void {
  const here = location.pathname + location.search;
  location.replace(`/sign-in?next=${encodeURIComponent(here)}`);
}

export const watchAddress = (channel: string, performance: string): string =>
  `/watch/${encodeURIComponent(channel)}?performance=${encodeURIComponent(performance)}`;

// What stands behind the # of a letter's link, and stands there no longer: no server and no history keeps it.
export function secretInHash(name: string): string | null {
  const start = `#${name}=`;
  if (!location.hash.startsWith(start)) return null;
  const secret = location.hash.slice(start.length);
  history.replaceState(null, '', location.pathname + location.search);
  return secret;
}
