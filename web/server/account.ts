// The account as its owner sees it, and signing in with somebody else's.

import { ask } from './ask';

export interface SignInWay {
  name: string;
  label: string;
}
export interface LinkedSignIn {
  id: string;
  name: string;
  email: string;
  linked: string;
}
export interface AccountDetails {
  email: string | null;
  email_verified: boolean;
  mail_problem: string | null;
  password: boolean;
  sign_ins: LinkedSignIn[];
  second_factor: { in_force: boolean; recovery_codes_left: number; shown: boolean };
}

const kPost = { method: 'POST' } as const;
const at = (name: string) => encodeURIComponent(name);

export const signInWays = async () =>
  (await ask<{ sign_ins: SignInWay[] }>('/api/v1/sign-ins')).sign_ins;
export const startAddress = (name: string, next: string) =>
  `/auth/${at(name)}/start?return=${at(next)}`;

export const accountDetails = () => ask<AccountDetails>('/api/v1/account');
export const addSignIn = (name: string) =>
  ask<{ url: string }>('/api/v1/account/sign-ins', { ...kPost, json: { name } });
export const removeSignIn = (id: string) =>
  ask<null>(`/api/v1/account/sign-ins/${at(id)}`, { method: 'DELETE' });

export const beginFactor = () =>
  ask<{ secret: string; address: string }>('/api/v1/account/second-factor', kPost);
export const confirmFactor = (code: string) =>
  ask<{ recovery_codes: string[] }>('/api/v1/account/second-factor/confirm', {
    ...kPost,
    json: { code },
  });
export const showFactor = (code: string) =>
  ask<null>('/api/v1/session/second-factor', { ...kPost, json: { code } });
export const removeFactor = () => ask<null>('/api/v1/account/second-factor', { method: 'DELETE' });

export const sendVerification = () => ask<null>('/api/v1/account/verification', kPost);
export const verify = (link: string) =>
  ask<null>('/api/v1/verifications', { ...kPost, anonymous: true, json: { link } });
export const askReset = (email: string) =>
  ask<null>('/api/v1/password-resets', { ...kPost, anonymous: true, json: { email } });
export const resetPassword = (link: string, password: string) =>
  ask<null>('/api/v1/password-resets', {
    method: 'PUT',
    anonymous: true,
    json: { link, password },
  });
