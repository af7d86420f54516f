import { texts } from './texts.js';
import { keep, kept } from './kept.js';

let language = kept('language') ?? (/^zh\b/i.test(navigator.language) ? 'zh' : 'en');
const followers = [];

/** The text of a key, with {name}s filled in; the other argument when there is none. */
export function t(key, values = {}, otherwise = key) {
  const text = texts[language][key] ?? otherwise;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export const currentLanguage = () => language;

/** Calls follow now and whenever the language changes. */
export function onLanguage(follow) {
  followers.push(follow);
  follow();
}

export function setLanguage(next) {
  language = next;
  keep('language', next);
  apply();
}

/** Writes the texts of index.html, and has the others write theirs. */
export function apply() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  document.title = t('title');
  for (const element of document.querySelectorAll('[data-t]')) element.textContent = t(element.dataset.t);
  for (const follow of followers) follow();
}

/** A time of day. */
export function clock(millis) {
  return new Date(millis).toLocaleTimeString('en-GB');
}

/** A span of time in words. */
export function span(millis) {
  const seconds = Math.max(0, Math.round(millis / 1000));
  if (seconds < 60) return t('span.seconds', { n: seconds });
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return t('span.minutes', { n: minutes });
  return t('span.hours', { n: Math.floor(minutes / 60), m: minutes % 60 });
}
