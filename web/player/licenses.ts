// Licenses of protected channels, as shaka-player wants them, and what its refusals mean. Pure.

import { TokenRefused } from './license';
import type { State } from './player';

export interface ShakaError {
  severity?: number;
  category?: number;
  code?: number;
  data?: unknown[];
}

// One address for each key system; the manifest says which of them are there.
export function licenseServers(license: string | null): Record<string, string> {
  if (!license) return {};
  return {
    'org.w3.clearkey': `${license}/clearkey`,
    'com.widevine.alpha': `${license}/widevine`,
    'com.microsoft.playready': `${license}/playready`,
  };
}

const kDrm = 6; // shaka.util.Error.Category.DRM
const kNoKeySystem = new Set([6000, 6001, 6002]); // this device has none of the systems
const kLicenseFailed = 6007; // data[0]: the network error

export function stateOfDrmError(error: ShakaError): State | null {
  if (error.category !== kDrm || error.code === undefined) return null;
  if (kNoKeySystem.has(error.code)) return 'locked';
  if (error.code !== kLicenseFailed) return null;
  const status = statusOf((error.data?.[0] as { data?: unknown[] } | undefined)?.data);
  if (status === 401) return 'token';
  return status === 403 ? 'refused' : null;
}

const kManifest = 4; // shaka.util.Error.Category.MANIFEST
const kUnsupported = 4032; // nothing in it can be played here, key systems taken into account

export const isUnsupported = ({ category, code }: ShakaError): boolean =>
  category === kManifest && code === kUnsupported;

const kRejected = new Set([6008, 6014]); // the license does not fit, or is over
const kRestricted = 4012; // no rendition's keys may be used: data[0].restrictedKeyStatuses

// What keeps the picture away for now: said, and tried again.
export function troubleOfDrmError({ category, code, data }: ShakaError): State | null {
  if (category === kManifest && code === kRestricted) {
    const { restrictedKeyStatuses: statuses = [], missingKeys: missing = [] } =
      (data?.[0] as { restrictedKeyStatuses?: string[]; missingKeys?: string[] } | undefined) ?? {};
    if (statuses.includes('output-restricted')) return 'screen';
    return statuses.length + missing.length > 0 ? 'unlicensed' : null;
  }
  if (category !== kDrm || code === undefined) return null;
  return code === kLicenseFailed || kRejected.has(code) ? 'unlicensed' : null;
}

// Of a network error: what the token's address refused, or the HTTP status of the license's.
const statusOf = ([first, second]: unknown[] = []): unknown =>
  first instanceof TokenRefused ? first.status : second;

const kNetwork = 1; // shaka.util.Error.Category.NETWORK
const kBadStatus = 1001; // data[1]: the HTTP status

// An address whose right has gone. shaka-player asks on for a playlist for ever; a fresh play says why.
export const isRefused = ({ category, code, data }: ShakaError): boolean =>
  category === kNetwork && code === kBadStatus && (data?.[1] === 401 || data?.[1] === 403);
