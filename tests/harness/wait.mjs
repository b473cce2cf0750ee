// Waiting for something to become true, never for a time to pass.

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// Asks `look` again and again until it answers something truthy, which is returned. What it throws
// meanwhile is kept for the message when the time is over.
export async function until(what, look, { within = 10_000, every = 50 } = {}) {
  const end = performance.now() + within;
  let last = 'not yet';
  for (;;) {
    try {
      const found = await look();
      if (found) return found;
    } catch (error) {
      last = error.message;
    }
    if (performance.now() > end) throw new Error(`waited ${within} ms for: ${what} (${last})`);
    await sleep(every);
  }
}

// The promise's value, or an error that says what was waited for.
export function within(ms, what, promise) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`waited ${ms} ms for: ${what}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// A promise with its handles outside.
export function later() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
