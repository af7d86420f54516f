package push

import "crypto/sha256"

// EventSubmitMembercardUserInfo is the Event of a member card that was activated. It does not say what the user filled in.
const EventSubmitMembercardUserInfo = "submit_membercard_user_info"

// Message is a message of WeChat's that was verified.
type Message struct {
	Format Format // of Plain
	Plain  []byte // the message, not encrypted

	// Name is the SHA-256 of Plain (less an encrypted part that cannot be read, which is another one each time).
	// WeChat repeats a push with the same text.
	Name [sha256.Size]byte

	MsgType      string // MsgType: event, text …
	Event        string // Event: user_get_card …; "": MsgType is not event
	OpenID       string // FromUserName: the user's openid at the official account
	UnionID      string // UnionId; "": the account is bound to no open platform account
	CardID       string // CardId
	UserCardCode string // UserCardCode: the plain code
	OuterStr     string // OuterStr
	GiveByFriend bool   // IsGiveByFriend: the card was a present
	Restored     bool   // IsRestoreMemberCard: the user had deleted the card before

	hasInfo  bool   // it brings what the member filled in
	insertAt int    // where Plain can be added to; 0: nowhere
	receiver string // "": it was not encrypted
	envelope Format
}

// Encrypted tells whether the message was encrypted. Its reply must be then.
func (m *Message) Encrypted() bool { return m.receiver != "" }

func newMessage(doc document, plain []byte) *Message {
	f := doc.fields
	_, hasInfo := f[doc.format.infoField()]
	m := &Message{
		Format:       doc.format,
		Plain:        plain,
		MsgType:      f[fieldMsgType],
		OpenID:       f["FromUserName"],
		UnionID:      f["UnionId"],
		CardID:       f["CardId"],
		UserCardCode: f["UserCardCode"],
		OuterStr:     f["OuterStr"],
		GiveByFriend: isOne(f["IsGiveByFriend"]),
		Restored:     isOne(f["IsRestoreMemberCard"]),
		hasInfo:      hasInfo,
		insertAt:     doc.end,
	}
	if m.MsgType == "event" {
		m.Event = f["Event"]
	}
	h := sha256.New()
	h.Write(plain[:doc.encrypt.from])
	h.Write(plain[doc.encrypt.to:])
	h.Sum(m.Name[:0])
	return m
}

// isOne reads a flag, which some messages write as a number and some as a string.
func isOne(s string) bool { return s == "1" || s == "true" }
