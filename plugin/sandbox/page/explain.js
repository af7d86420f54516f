// What went wrong, in words.
import { parse } from './dom.js';
import { t } from './i18n.js';

/** Explains an answer of the gateway that is no good; null for one that is. expect says whether data is what was asked for. */
export function gatewayProblem(answer, expect) {
  if (answer.errMsg !== 'request:ok') {
    return { title: t('fail'), text: t(`fail.${answer.reason}`, {}, answer.detail), detail: answer.detail };
  }
  const { statusCode: status, data, header } = answer;
  if (status >= 300 && status < 400) {
    return { title: String(status), text: t('problem.redirect', { to: header.Location ?? '' }) };
  }
  if (status >= 400) {
    const reason = data?.reason;
    const retry = header['Retry-After'];
    return {
      title: reason ? `${status} ${reason}` : String(status),
      text: t(`problem.${reason}`, {}, t('problem.other')) + (data?.errcode ? ` ${t(`errcode.${data.errcode}`, {}, '')}` : '') + (retry ? ` ${t('problem.retry', { n: retry })}` : ''),
      detail: [data?.detail, data?.hint, data?.errcode && `errcode ${data.errcode}`].filter(Boolean).join(' · '),
    };
  }
  return expect(data ?? {}) ? null : { title: String(status), text: t('problem.unexpected') };
}

/** Explains a refusal of the WeChat client; null for a success. */
export function clientProblem(answer) {
  const [, refusal] = /:fail ?(.*)$/s.exec(answer.errMsg ?? '') ?? [];
  if (refusal === undefined) return null;
  return { title: refusal || answer.errMsg, gloss: t(`gloss.${refusal}`, {}, ''), text: t(`refusal.${answer.reason}`, {}, answer.detail), detail: answer.reason === 'signature' ? answer.detail : '' };
}

/** Whether the client refused a signature. */
export const isSignatureError = (x) => x.to === 'phone' && x.done && isWrongSignature(parse(x.response));

/** The same of an answer of the client's. */
export const isWrongSignature = ({ errMsg }) => /签名错误/.test(errMsg ?? '');

/** What the WeChat client keeps to itself of a success; '' for most. */
export const clientRemark = ({ errMsg, reason, detail }) => (reason && /:ok$/.test(errMsg) ? t(`refusal.${reason}`, {}, detail) : '');

/** One line on how an exchange went: {tone, text}. */
export function outcome(x) {
  if (!x.done) return { tone: 'wait', text: t('row.waiting') };
  if (x.failure) return { tone: 'bad', text: t(`fail.${x.failure}`, {}, x.failure) };
  const body = parse(x.response);
  if (x.to === 'phone') {
    const problem = clientProblem(body);
    return problem ? { tone: 'bad', text: [body.errMsg, problem.text].join(' · ') } : { tone: 'good', text: clientRemark(body), pill: 'ok' };
  }
  if (x.to === 'wechat') {
    if (body.errcode) return { tone: 'bad', text: `errcode ${body.errcode} · ${t(`errcode.${body.errcode}`, {}, body.errmsg)}` };
    if (x.status === 0) return { tone: 'bad', text: t('row.noanswer') };
    return x.status >= 400 ? { tone: 'bad', text: `HTTP ${x.status}` } : { tone: 'good', text: x.fault ? t('row.late') : '' };
  }
  if (x.status >= 400) return { tone: 'bad', text: `${body.reason ?? ''} · ${t(`problem.${body.reason}`, {}, t('problem.other'))}` };
  return { tone: 'good', text: x.proxied ? t('row.backend') : '' };
}
