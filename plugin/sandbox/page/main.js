import { byId, icon } from './dom.js';
import { apply, currentLanguage, onLanguage, setLanguage, t } from './i18n.js';
import { keep, kept } from './kept.js';
import { refresh, watch } from './sandbox.js';
import { startCredentials } from './credentials.js';
import { startInspector } from './inspector.js';
import { startMood } from './mood.js';
import { startPhone } from './phone.js';
import { startSettings } from './settings.js';
import { startTimeline } from './timeline.js';
import { startVisitors } from './visitors.js';

// The phone's screens.
import { loadMiniProgram } from './miniprogram.js';
import './component.js';
import './me.js';
import './scan.js';
import './wallet.js';

const themes = ['auto', 'light', 'dark'];
const themeIcons = {
  auto: ['M12 4a8 8 0 1 0 0 16z', 'M12 4a8 8 0 0 1 0 16'],
  light: ['M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z', 'M12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M5.300 18.700l1.400-1.400M17.300 6.700l1.400-1.400'],
  dark: ['M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500z'],
};

function showTheme(theme) {
  document.documentElement.dataset.theme = theme;
  const button = byId('theme');
  button.replaceChildren(icon(...themeIcons[theme]));
  button.setAttribute('aria-label', t('theme', { now: t(`theme.${theme}`) }));
  button.title = t('theme', { now: t(`theme.${theme}`) });
}

byId('theme').addEventListener('click', () => {
  const next = themes[(themes.indexOf(document.documentElement.dataset.theme) + 1) % themes.length];
  keep('theme', next);
  showTheme(next);
});
byId('language').addEventListener('click', () => setLanguage(currentLanguage() === 'zh' ? 'en' : 'zh'));
onLanguage(() => {
  const button = byId('language');
  button.textContent = t('other.language');
  button.lang = currentLanguage() === 'zh' ? 'en' : 'zh-CN';
  showTheme(document.documentElement.dataset.theme);
});

showTheme(themes.includes(kept('theme')) ? kept('theme') : 'auto');
startSettings(() => loadMiniProgram()); // another gateway, route or card
startTimeline();
startMood();
startVisitors();
startCredentials();
startInspector();
startPhone();
loadMiniProgram();
watch(({ alive }) => document.body.classList.toggle('lost', !alive));
apply();
refresh();
