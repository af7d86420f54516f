// The WeChat client, as a mini program sees it. The sandbox plays it; what needs a finger on a screen is kept here.
import { beginTap, control } from './sandbox.js';
import { currentLanguage } from './i18n.js';
import { settings } from './settings.js';

/** Whether a request was made since the user's tap: WeChat then lets nobody navigate. */
let requested = true;

/** The user taps something. */
export function tapped(name) {
  requested = false;
  beginTap(name);
}

/** wx.request: {statusCode, header, data}, data parsed if it is JSON; or {errMsg, reason, detail}. */
export async function request({ url, method = 'GET', data }) {
  requested = true;
  const answer = await control('phone/request', {
    url, method,
    header: { 'Content-Type': data === undefined ? '' : 'application/json', 'Accept-Language': currentLanguage() === 'zh' ? 'zh-CN' : 'en' },
    data: data === undefined ? '' : JSON.stringify(data),
  });
  if (answer.errMsg === 'request:ok' && /json/.test(answer.header['Content-Type'] ?? '')) {
    try {
      answer.data = JSON.parse(answer.data);
    } catch {
      // stays text
    }
  }
  return answer;
}

export const addCard = (parameter) => control('phone/addCard', parameter);

/** What is about the mini program that runs. */
const inProgram = (name, parameter) => control(`phone/${name}?appId=${encodeURIComponent(settings.miniProgram)}`, parameter);

export const login = () => inProgram('login');

/** The user taps a getPhoneNumber button, and agrees. */
export const getPhoneNumber = () => inProgram('getPhoneNumber');

/** The user is asked, and says yes. */
export const requestSubscribeMessage = (templates) => inProgram('requestSubscribeMessage', { tmplIds: templates });

export const openCard = (parameter) => control('phone/openCard', parameter);

/** wx.navigateToMiniProgram: what the component shows, or why it does not open. */
export const navigateToMiniProgram = (parameter) => control('phone/showComponent', { ...parameter, afterRequest: requested });

/** The user submits the component's form: what App.onShow gets. */
export const submitComponent = (parameter, form) => control('phone/openComponent', { ...parameter, form });
