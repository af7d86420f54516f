import { Button, View } from '@tarojs/components'
import { showToast, useDidShow } from '@tarojs/taro'
import { useRef } from 'react'
import { addCard, openCard, openMemberCard, prepareMemberCard, type MemberCardComponent, type Problem } from '../../wechat-card'

const explain = (err: unknown) => { showToast({ title: (err as Problem).message, icon: 'none' }) }

async function take() {
  try {
    const { cardList } = await addCard()
    await openCard(cardList)
  } catch (err) {
    explain(err)
  }
}

export default function Index() {
  const member = useRef<MemberCardComponent | null>(null)

  // Before the tap: WeChat refuses to open another mini program when a request has come between.
  useDidShow(() => {
    prepareMemberCard().then((component) => { member.current = component }, explain)
  })

  return (
    <View>
      <Button onClick={take}>领取优惠券</Button>
      <Button onClick={() => openMemberCard(member.current).catch(explain)}>开通会员卡</Button>
    </View>
  )
}
