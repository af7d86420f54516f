package stock

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
)

// textsZH has the Chinese of what only this action's problems say. The gateway has that of everything else: of what
// cards, clients and request refuse, of titles, and of WeChat's own errors.
var textsZH = map[language.Phrase]string{
	"card_id is missing: this tells of any card, and lists none": "缺少 card_id：这里可查询任意卡券，没有默认列出的卡券",
	"WeChat does not say how many are left of card %s":           "微信未返回卡券 %s 的库存",
}
