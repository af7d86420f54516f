import { configure, onReturn, Returned } from './wechat-card'

export interface Shop {
  globalData: {
    /** What came of the last App.onShow; the page that shows it takes it away. */
    returned: Promise<Returned> | null
  }
}

App<Shop>({
  globalData: { returned: null },

  onLaunch() {
    configure({ gateway: 'http://localhost:8080/wechat' }) // yours: https://shop.example.com/wechat
  },

  onShow(options) {
    this.globalData.returned = onReturn(options)
  },
})
