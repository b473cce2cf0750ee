import { expect, test } from 'vitest';
import { otherAppOf, outsideAddress } from './in_app';

const kIphone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15';
const kAndroid =
  'Mozilla/5.0 (Linux; Android 15; Pixel 9; wv) AppleWebKit/537.36 Chrome/130.0 Mobile';
const kHere = 'https://live.example.org/e/night?lang=ja';

test('apps are told by their user agents, browsers are not apps', () => {
  expect(otherAppOf(`${kIphone} Safari Line/14.16.0`)).toBe('LINE');
  expect(otherAppOf(`${kIphone} Instagram 350.0 (iPhone15,2)`)).toBe('Instagram');
  expect(otherAppOf(`${kIphone} [FBAN/FBIOS;FBAV/480.0]`)).toBe('Facebook');
  expect(otherAppOf(`${kIphone} Twitter for iPhone/10.60`)).toBe('X');
  expect(otherAppOf(`${kIphone} Version/18.0 Mobile/15E148 Safari/604.1`)).toBeNull();
  expect(otherAppOf(`${kAndroid} Safari/537.36 Online/1`)).toBeNull();
});

test('LINE has a word for it, Android an intent, an iPhone only the menu', () => {
  expect(outsideAddress('LINE', kIphone, kHere)).toBe(`${kHere}&openExternalBrowser=1`);
  expect(outsideAddress('X', kAndroid, kHere)).toBe(
    'intent://live.example.org/e/night?lang=ja#Intent;scheme=https;end',
  );
  expect(outsideAddress('Instagram', kIphone, kHere)).toBeNull();
});
