// Browsers inside other apps, told by their user agent, and the ways out of them that each has.

export type OtherApp = 'LINE' | 'Instagram' | 'Facebook' | 'X';

export function otherAppOf(userAgent: string): OtherApp | null {
  if (/\bLine\/\d/i.test(userAgent)) return 'LINE';
  if (/\bInstagram \d/.test(userAgent)) return 'Instagram';
  if (/\bFB(AN|AV)\//.test(userAgent)) return 'Facebook';
  if (/\bTwitter( for|Android|\/)/.test(userAgent)) return 'X';
  return null;
}

// An address that opens the phone's own browser; null where only the app's menu can.
export function outsideAddress(app: OtherApp, userAgent: string, href: string): string | null {
  const address = new URL(href);
  if (app === 'LINE') {
    address.searchParams.set('openExternalBrowser', '1');
    return address.href;
  }
  if (!/\bAndroid\b/.test(userAgent)) return null;
  const scheme = address.protocol.slice(0, -1);
  return `intent://${address.host}${address.pathname}${address.search}#Intent;scheme=${scheme};end`;
}
