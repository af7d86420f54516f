// The sandbox behind the page: its controls, and what it tells of itself.

let tap = '';
let since = 0;
let epoch = '';
let timer;
let polling; // the question under way
const watchers = [];

/** What the sandbox told last; exchanges by id. */
export const state = { now: Date.now(), heard: 0, alive: true, exchanges: new Map(), credentials: [], faults: [], wallet: [], visitor: { user: '', consent: 'ask' }, platforms: [] };

/** Names what the user does: the exchanges that follow belong together. */
export function beginTap(name) {
  tap = `${name} ${Date.now()}`;
}

/** Calls a control below /_sandbox/. */
export async function control(name, body) {
  const answer = await fetch(`/_sandbox/${name}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Sandbox-Tap': tap },
    body: JSON.stringify(body ?? {}),
  });
  const value = await answer.json();
  refresh();
  if (!answer.ok) throw new Error(value.error);
  return value;
}

/** Calls watch after each word of the sandbox. */
export function watch(watcher) {
  watchers.push(watcher);
}

/** The time at the sandbox, in milliseconds. */
export const sandboxNow = () => state.now + (performance.now() - state.heard);

/** Asks the sandbox what is new; now, and again as long as somebody looks at the page. */
export async function refresh() {
  while (polling) await polling; // it may have been answered before what this one is to tell
  clearTimeout(timer);
  polling = ask();
  await polling;
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(refresh, state.alive ? 600 : 2000);
}

async function ask() {
  try {
    await poll();
    state.alive = true;
  } catch {
    state.alive = false;
  }
  polling = undefined;
  for (const watcher of watchers) watcher(state);
}

async function poll() {
  const answer = await fetch(`/_sandbox/events?since=${since}`);
  if (!answer.ok) throw new Error(answer.statusText);
  const news = await answer.json();
  if (news.epoch !== epoch) {
    state.exchanges.clear();
    epoch = news.epoch;
    if (since > 0) {
      since = 0; // numbers have begun anew
      return poll();
    }
  }
  since = news.next;
  for (const exchange of news.exchanges) state.exchanges.set(exchange.id, exchange);
  for (const id of [...state.exchanges.keys()].slice(0, Math.max(0, state.exchanges.size - 300))) state.exchanges.delete(id);
  Object.assign(state, { now: news.now, heard: performance.now(), credentials: news.credentials, faults: news.faults, wallet: news.wallet, visitor: news.visitor, platforms: news.platforms });
}

document.addEventListener('visibilitychange', () => {
  if (!document.hidden) refresh();
});
