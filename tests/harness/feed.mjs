// A publisher that goes on for ever: ffmpeg plays a film in a loop at its own speed, and what it
// writes goes to /ws piece by piece.
import { spawn } from 'node:child_process';
import { made } from './media.mjs';
import { publisher } from './socket.mjs';
import { publishToken } from './token.mjs';
import { kill } from './process.mjs';

const muxers = {
  fmp4: ['-movflags', '+frag_every_frame+empty_moov+default_base_moof', '-f', 'mp4'],
  flv: ['-f', 'flv'],
  ts: ['-f', 'mpegts'],
};

export async function feed(server, channel, film, { container = 'fmp4', query = '', ...options } = {}) {
  const socket = publisher(server, `channel=${channel}${query}`, { token: publishToken(channel), ...options });
  await socket.open();
  // ffmpeg -re reads a fragment's picture, then its sound: of a fragmented file it would bring nothing for
  // a second and then a second at once.
  const smooth = await made('mp4', ['-i', film, '-map', '0', '-c', 'copy']);
  const ffmpeg = spawn('ffmpeg', ['-nostdin', '-v', 'error', '-re', '-stream_loop', '-1', '-i', smooth, '-map', '0', '-c', 'copy', '-flush_packets', '1', ...muxers[container], 'pipe:1'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const onExit = () => kill(ffmpeg.pid, 'SIGKILL');
  process.on('exit', onExit);
  ffmpeg.stdout.on('data', (piece) => {
    if (!socket.how) socket.send(piece).catch(() => {});
  });
  const ended = new Promise((done) => ffmpeg.on('close', done));
  return {
    socket,
    // As a cable that is pulled: nothing is said to the server.
    cut: () => {
      kill(ffmpeg.pid, 'SIGKILL');
      socket.socket.terminate();
    },
    stop: async () => {
      kill(ffmpeg.pid, 'SIGKILL');
      await ended;
      process.off('exit', onExit);
      await socket.close();
    },
  };
}
