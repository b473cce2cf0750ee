import { expect, test } from 'vitest';
import { licenseServers, stateOfDrmError } from './licenses';

test('a channel that is not protected has no license servers', () => {
  expect(licenseServers(null)).toEqual({});
  expect(licenseServers('/t/T/license')['com.widevine.alpha']).toBe('/t/T/license/widevine');
});

test('what a person can do something about is told apart', () => {
  const refused = (status: number) => ({
    category: 6,
    code: 6007,
    data: [{ data: ['url', status] }],
  });
  expect(stateOfDrmError(refused(403))).toBe('refused');
  expect(stateOfDrmError(refused(401))).toBe('token');
  expect(stateOfDrmError(refused(503))).toBe(null);
  expect(stateOfDrmError({ category: 6, code: 6001 })).toBe('locked');
  expect(stateOfDrmError({ category: 1, code: 1001 })).toBe(null);
});
