import { expect, test } from 'vitest';
import { TokenRefused } from './license';
import {
  isRefused,
  isUnsupported,
  licenseServers,
  stateOfDrmError,
  troubleOfDrmError,
} from './licenses';

test('a channel that is not protected has no license servers', () => {
  expect(licenseServers(null)).toEqual({});
  expect(licenseServers('/t/T/license')['com.widevine.alpha']).toBe('/t/T/license/widevine');
});

// The license service answered with this status.
const answered = (status: number) => ({
  category: 6,
  code: 6007,
  data: [{ data: ['url', status] }],
});

test('what a person can do something about is told apart', () => {
  expect(stateOfDrmError(answered(403))).toBe('refused');
  expect(stateOfDrmError(answered(401))).toBe('token');
  expect(stateOfDrmError(answered(503))).toBe(null);
  const token = { category: 6, code: 6007, data: [{ data: [new TokenRefused(403)] }] };
  expect(stateOfDrmError(token)).toBe('refused');
  expect(stateOfDrmError({ category: 6, code: 6001 })).toBe('locked');
  expect(stateOfDrmError({ category: 1, code: 1001 })).toBe(null);
  expect(isUnsupported({ category: 4, code: 4032 })).toBe(true);
  expect(isUnsupported({ category: 4, code: 4012 })).toBe(false);
});

test('what keeps the picture away for now has a word of its own', () => {
  expect(troubleOfDrmError(answered(503))).toBe('unlicensed');
  expect(troubleOfDrmError({ category: 6, code: 6008 })).toBe('unlicensed');
  const restricted = (statuses: string[]) => ({
    category: 4,
    code: 4012,
    data: [{ restrictedKeyStatuses: statuses, missingKeys: [] }],
  });
  expect(troubleOfDrmError(restricted(['output-restricted']))).toBe('screen');
  expect(troubleOfDrmError(restricted(['expired']))).toBe('unlicensed');
  expect(troubleOfDrmError(restricted([]))).toBe(null);
  expect(troubleOfDrmError({ category: 1, code: 1001, data: ['url', 503] })).toBe(null);
});

test('an address whose right has gone is told from one that fails', () => {
  const answer = (status: number) => ({ category: 1, code: 1001, data: ['url', status] });
  expect(isRefused(answer(401))).toBe(true);
  expect(isRefused(answer(403))).toBe(true);
  expect(isRefused(answer(404))).toBe(false);
  expect(isRefused({ category: 1, code: 1002, data: ['url'] })).toBe(false);
});
