// JSON web tokens, good and bad, made here and not by the program under test.
import { createHmac, randomBytes } from 'node:crypto';

export const testSecret = randomBytes(24).toString('base64url'); // 32 characters

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);

export function claims(scope, more = {}) {
  return { sub: 'tester', aud: 'butai', exp: now() + 3600, scope, ...more };
}

export function sign(body, { secret = testSecret, header = { alg: 'HS256', typ: 'JWT' }, signature } = {}) {
  const text = `${part(header)}.${part(body)}`;
  const mac = signature ?? createHmac('sha256', secret).update(text).digest('base64url');
  return `${text}.${mac}`;
}

// A good token for these scopes.
export const token = (scope, more) => sign(claims(scope, more));
export const publishToken = (channel = 'main', sub = 'camera') =>
  token(`publish:${channel} view:${channel}`, { sub });
export const viewToken = (channel = 'main', sub = 'viewer') => token(`view:${channel}`, { sub });
export const controlToken = () => token('control admin', { sub: 'operator' });
export const secondsFromNow = (seconds) => now() + seconds;
