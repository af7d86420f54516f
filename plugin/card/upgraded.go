package card

// ComponentPath is the page of the member-card component that opens a member card of the second generation (升级后的会员卡).
const ComponentPath = "pages/card_open/card_open"

// UpgradedData is what wx.navigateToMiniProgram passes to the member-card component for a member card of the second generation,
// which merchants have made in 微信支付 (page 小程序内开卡 of its documents, 2024-09-20). No call of WeChat's goes before it.
type UpgradedData struct {
	CreateCardAppID string // the app_id of the official account (服务号) that the card was made for
	CardID          string
	OuterStr        string // may be empty
	JumpURL         string // where the user goes to fill in the merchant's own form; empty: WeChat's form, which activates the card
}

// AppendJSON appends the object with all its five keys, empty or not.
func (x UpgradedData) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"create_card_appid":`...)
	dst = AppendString(dst, x.CreateCardAppID)
	dst = append(dst, `,"card_id":`...)
	dst = AppendString(dst, x.CardID)
	dst = append(dst, `,"outer_str":`...)
	dst = AppendString(dst, x.OuterStr)
	activateType := `"ACTIVATE_TYPE_NORMAL"`
	if x.JumpURL != "" {
		activateType = `"ACTIVATE_TYPE_JUMP"`
	}
	dst = append(dst, `,"activate_type":`...)
	dst = append(dst, activateType...)
	dst = append(dst, `,"jump_url":`...)
	dst = AppendString(dst, x.JumpURL)
	return append(dst, '}')
}
