package card

// Ext: one card of wx.addCard. (stub)
type Ext struct {
	CardID              string
	Code                string
	OpenID              string
	Timestamp           int64
	NumericTimestamp    bool
	NonceStr            string
	FixedBeginTimestamp string
	OuterStr            string
}

// ExtraData of the component. (stub)
type ExtraData struct {
	EncryptCardID string
	OuterStr      string
	Biz           string
}
