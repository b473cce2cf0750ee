// A new signing secret beside the one before it: what the old one signed goes on, nothing new is signed with
// it, and without it all that ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server } from '../harness/server.mjs';
import { claims, sign, viewToken } from '../harness/token.mjs';

const kNew = 'CNRY-new-secret-0123456789abcdef0123456789';

test('the secret is changed with two valid for a while', { timeout: 60_000 }, async () => {
  const first = await Server.start();
  const old = viewToken('main');
  const play = await first.play('main', old);
  await first.stop();
  const right = new URL(play.hls).pathname;

  const both = await Server.start({ secret: kNew, env: { BUTAI_AUTH_PREVIOUS_SECRET: first.env.BUTAI_AUTH_SECRET } });
  try {
    assert.equal((await both.get(right)).status, 404, 'the play is good; nothing is on yet');
    const again = await both.play('main', old);
    assert.equal((await both.get(new URL(again.hls).pathname)).status, 404);
    assert.equal((await both.get('/live/main/index.m3u8', { token: sign(claims('view:main'), { secret: kNew }) })).status, 404);
    const later = await Server.start({ secret: kNew });
    try {
      assert.equal((await later.get(right)).status, 401);
      assert.equal((await later.get('/live/main/index.m3u8', { token: old })).status, 401);
      assert.equal((await later.get(new URL(again.hls).pathname)).status, 404, 'what was started since is signed with the new one');
    } finally {
      await later.stop();
    }
  } finally {
    await both.stop();
  }
});
