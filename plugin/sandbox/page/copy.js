// Copying to the clipboard.
import { announce, h, icon } from './dom.js';
import { t } from './i18n.js';

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyOld(text);
  }
}

/** As browsers did before, and still do where nobody asked them for leave. */
function copyOld(text) {
  const opener = document.activeElement;
  const field = h('textarea', { class: 'unseen', 'aria-hidden': 'true' });
  field.value = text;
  document.body.append(field);
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  opener?.focus({ preventScroll: true });
  return done;
}

/** A button that copies a text, and says that it did. about: what it copies, for those who only hear of it. */
export function copyButton(label, text, about = label) {
  const says = h('span', { text: label });
  const button = h('button', { type: 'button', class: 'copy', 'aria-label': about }, icon('M9 9h10v11H9z', 'M15 9V5H5v11h4'), says);
  button.addEventListener('click', async () => {
    const said = t(await copy(text) ? 'copied' : 'copied.not');
    says.textContent = said;
    announce(said);
    setTimeout(() => { says.textContent = label; }, 1600);
  });
  return button;
}
