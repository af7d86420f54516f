// What the page remembers in this browser. Private windows may refuse; then it is forgotten with the page.

const prefix = 'wechat-card-sandbox.';

export function kept(name) {
  try {
    return localStorage.getItem(prefix + name) ?? undefined;
  } catch {
    return undefined;
  }
}

export function keep(name, value) {
  try {
    localStorage.setItem(prefix + name, value);
  } catch {
    // so be it
  }
}
