package phone

// What WeChat shows to the user.
const (
	TextSignature = "签名错误"
	TextParameter = "参数错误"
	TextSoldOut   = "已领完"
	TextReview    = "卡券审核中"
	TextNoTap     = "can only be invoked by user TAP gesture"
)

// Refused is what the phone answers instead.
type Refused struct {
	ErrMsg string `json:"errMsg"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
}

// slip is what is wrong with a call that no mini program makes, and with what no user does.
type slip struct{ error }
