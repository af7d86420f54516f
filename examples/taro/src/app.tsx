import { showToast, useDidShow, useLaunch } from '@tarojs/taro'
import type { PropsWithChildren } from 'react'
import { configure, onReturn } from './wechat-card'

export default function App({ children }: PropsWithChildren) {
  useLaunch(() => configure({ gateway: 'https://shop.example.com/wechat' }))

  // What the member-card component gives back comes here, each time that the mini program is shown.
  useDidShow((options) => {
    onReturn(options ?? {}).catch((err) => showToast({ title: err.message, icon: 'none' }))
  })

  return children
}
