// Channel names and tokens as they stand in addresses.

export function isName(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text);
}

// /watch/NAME or /watch?channel=NAME; `main` always exists.
export function channelOf(location: Location): string {
  const inPath = /^\/watch\/([^/]+)\/?$/.exec(location.pathname)?.[1];
  const name = inPath ?? new URLSearchParams(location.search).get('channel') ?? 'main';
  return isName(name) ? name : 'main';
}

// A token given as #token=… moves to this tab's memory and leaves the address bar at once.
export function takeToken(key: string): string | null {
  const given = /^#token=([A-Za-z0-9._~+/=-]+)$/.exec(location.hash)?.[1];
  if (given) {
    sessionStorage.setItem(key, given);
    history.replaceState(null, '', location.pathname + location.search);
  }
  return sessionStorage.getItem(key);
}

export function keepToken(key: string, token: string): void {
  if (token) sessionStorage.setItem(key, token);
  else sessionStorage.removeItem(key);
}
