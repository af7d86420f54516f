import type { Shop } from '../../app'
import { addCard, addMyCard, join, MemberCardComponent, openCard, openMemberCard, prepareMemberCard, Problem, problemOfPhone } from '../../wechat-card'

Page({
  data: {
    busy: false,
    note: '',
    cardList: [] as WechatMiniprogram.AddCardResponseInfo[],
    component: null as MemberCardComponent | null,
    byNavigator: wx.canIUse('navigator.target.miniProgram'),
    number: '',
    phone: '',
  },

  /** Whether the user is with the component. */
  away: false,

  onShow() {
    this.prepare()
    this.welcome()
  },

  /** Fetches the component's parameters, long before the user taps. */
  async prepare() {
    try {
      this.setData({ component: await prepareMemberCard({ outer_str: 'miniprogram' }) })
    } catch (err) {
      this.complain(err as Problem)
    }
  },

  /** Says what came of the member card, if the user is just back from it. */
  async welcome() {
    const { globalData } = getApp<Shop>()
    const { returned } = globalData
    const { away } = this
    globalData.returned = null
    this.away = false
    try {
      const back = await returned
      if (back?.state === 'not_activated' && away) this.setData({ note: '没有新开会员卡：您可能中途返回了，或者之前已经开过' })
      if (back?.state === 'activated') {
        const { membership_number } = back.answer as { membership_number?: string }
        this.setData({ number: membership_number ?? '' })
        if (!back.repeated) this.setData({ note: '会员卡已激活' })
      }
    } catch (err) {
      this.complain(err as Problem)
    }
  },

  onAddCard() {
    return this.perform(async () => {
      const { cardList } = await addCard({ card_id: 'pSandboxCoupon00000000000001' })
      this.setData({ cardList, note: '已放入卡包' })
    })
  },

  /** A card that only this user can add. */
  onAddMyCard() {
    return this.perform(async () => {
      const { cardList } = await addMyCard({ outer_str: 'mine' })
      this.setData({ cardList, note: '您的专属券已放入卡包' })
    })
  },

  /** The user gave his phone number, or did not. */
  onGetPhoneNumber({ detail }: WechatMiniprogram.CustomEvent<{ errMsg: string; code?: string }>) {
    return this.perform(async () => {
      const { phone } = await join(detail) as { phone?: string }
      this.setData({ phone: phone ?? '', note: '手机号已登记' })
    })
  },

  onOpenCard() {
    return this.perform(() => openCard(this.data.cardList))
  },

  /** Where there is no navigator for other mini programs. Nothing may come between the tap and this. */
  onOpenMemberCard() {
    return openMemberCard(this.data.component).then(() => this.onNavigate(), (err: Problem) => {
      if (err.reason === 'not_ready') this.prepare()
      this.complain(err)
    })
  },

  onNavigate() {
    this.away = true
  },

  onNavigateFail({ detail }: WechatMiniprogram.CustomEvent<{ errMsg: string }>) {
    const err = problemOfPhone(detail.errMsg)
    if (err.reason !== 'cancelled') this.setData({ byNavigator: false }) // the next tap goes the other way
    this.complain(err)
  },

  /** Does one thing at a time. */
  async perform(run: () => Promise<void>) {
    if (this.data.busy) return
    this.setData({ busy: true, note: '' })
    try {
      await run()
    } catch (err) {
      this.complain(err as Problem)
    } finally {
      this.setData({ busy: false })
    }
  },

  /** The user reads the message; the console has the rest. */
  complain(err: Problem) {
    if (err.reason === 'cancelled') return
    console.warn(err.reason, err.detail, err.errcode ?? '')
    this.setData({ note: err.message })
  },
})
