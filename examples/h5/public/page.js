import { addCard, chooseCard, config, openCard } from './wechat-card.js'

const cardId = 'pSandboxCoupon00000000000001'
const note = document.getElementById('note')
const buttons = {
  add: async () => {
    const { cardList } = await addCard({ card_id: cardId, outer_str: 'h5' })
    offer(cardList)
    return '已放入卡包'
  },
  choose: async () => {
    const { cardList } = await chooseCard({ card_id: cardId })
    offer(cardList)
    return '已选择'
  },
  open: async () => {
    await openCard(latest)
    return ''
  },
}

let latest // the cardList that came last

function offer (cardList) {
  latest = cardList
  document.getElementById('open').hidden = false
}

/** The session is over: another one begins where the visitor is. */
function logIn () {
  location.assign(`/wechat/oauth/start?return=${encodeURIComponent(location.pathname + location.search + location.hash)}`)
}

// WeChat's page leaves this behind, where a router would take it for a route.
if (location.hash === '#wechat_redirect') history.replaceState(history.state, '', location.pathname + location.search)

/** Does one thing at a time. The user reads the message of a problem; the console has the rest. */
async function perform (run) {
  for (const id in buttons) document.getElementById(id).disabled = true
  note.textContent = ''
  try {
    note.textContent = await run()
  } catch (err) {
    if (err.reason === 'login_required') return logIn()
    if (err.reason !== 'cancelled') note.textContent = err.message
    console.warn(err.reason, err.detail)
  }
  for (const id in buttons) document.getElementById(id).disabled = false
}

for (const id in buttons) document.getElementById(id).addEventListener('click', () => perform(buttons[id]))
perform(async () => {
  await config()
  return ''
})
