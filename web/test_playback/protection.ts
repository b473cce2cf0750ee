// Which protection the browser used, and how deep in the device it sits.

import type { Level } from './report';

interface System {
  name: string;
  hardware: string | null; // robustness that only hardware has
}
const kSystems: Record<string, System> = {
  'com.widevine.alpha': { name: 'Widevine', hardware: 'HW_SECURE_ALL' },
  'com.microsoft.playready': { name: 'PlayReady', hardware: '3000' },
  'com.microsoft.playready.recommendation': { name: 'PlayReady', hardware: '3000' },
  'com.apple.fps': { name: 'FairPlay', hardware: null },
  'org.w3.clearkey': { name: 'ClearKey', hardware: null },
};

export async function protectionOf(
  keySystem: string | null | undefined,
): Promise<{ system: string; level: Level } | null> {
  if (!keySystem) return null;
  const known = kSystems[keySystem];
  if (!known) return { system: keySystem, level: 'unknown' };
  if (known.name === 'ClearKey') return { system: known.name, level: 'software' };
  if (!known.hardware) return { system: known.name, level: 'unknown' };
  const hardware = await allows(keySystem, known.hardware);
  return { system: known.name, level: hardware ? 'hardware' : 'software' };
}

async function allows(keySystem: string, robustness: string): Promise<boolean> {
  const contentType = 'video/mp4;codecs="avc1.42E01E"';
  try {
    await navigator.requestMediaKeySystemAccess(keySystem, [
      { initDataTypes: ['cenc'], videoCapabilities: [{ contentType, robustness }] },
    ]);
    return true;
  } catch {
    return false;
  }
}
