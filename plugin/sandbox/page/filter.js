// Which exchanges are shown: those that hold all words that were typed, and only what failed, if that is asked for.
import { byId } from './dom.js';
import { onLanguage, t } from './i18n.js';

const wanted = { words: [], failed: false };

/** Whether anything is left out. */
export const isFiltering = () => wanted.words.length > 0 || wanted.failed;

/** Whether an exchange is shown; text is all that is said of it. */
export const isWanted = (tone, text) => (!wanted.failed || tone === 'bad') && wanted.words.every((word) => text.includes(word));

/** Sets up the fields; changed is called when something else is wanted. */
export function startFilter(changed) {
  const field = byId('filter');
  const button = byId('only-failed');
  const set = (text, failed) => {
    wanted.words = text.toLowerCase().split(/\s+/).filter(Boolean);
    wanted.failed = failed;
    button.setAttribute('aria-pressed', String(failed));
    changed();
  };
  field.addEventListener('input', () => set(field.value, wanted.failed));
  button.addEventListener('click', () => set(field.value, !wanted.failed));
  byId('filter-clear').addEventListener('click', () => {
    field.value = '';
    set('', false);
    field.focus();
  });
  onLanguage(() => {
    field.placeholder = t('filter');
    field.setAttribute('aria-label', t('filter.label'));
  });
}
