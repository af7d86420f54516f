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

	// What follows is "" where it cannot be read without doubt. All but MsgType and OpenID is so unless MsgType is event: in
	// other messages WeChat writes no such fields, but users can.

	MsgType      string // MsgType: event, text …
	Event        string // Event: user_get_card …
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
	opener   *Cipher // what it was opened with, and is answered with
}

// Encrypted tells whether the message was encrypted. Its reply must be then.
func (m *Message) Encrypted() bool { return m.receiver != "" }

// newMessage makes a message of what was read. cut is left out of its name.
func newMessage(doc document, plain []byte, cut span) *Message {
	f := doc.fields
	m := &Message{
		Format:   doc.format,
		Plain:    plain,
		MsgType:  f[fieldMsgType],
		OpenID:   f[fieldFromUser],
		hasInfo:  doc.count[doc.format.infoField()] > 0,
		insertAt: doc.end,
	}
	if m.MsgType == "event" {
		m.Event = f[fieldEvent]
		m.UnionID = f["UnionId"]
		m.CardID = f["CardId"]
		m.UserCardCode = f["UserCardCode"]
		m.OuterStr = f["OuterStr"]
		m.GiveByFriend = isOne(f["IsGiveByFriend"])
		m.Restored = isOne(f["IsRestoreMemberCard"])
	}
	h := sha256.New()
	h.Write(plain[:cut.from])
	h.Write(plain[cut.to:])
	h.Sum(m.Name[:0])
	return m
}

// isOne reads a flag, which some messages write as a number and some as a string.
func isOne(s string) bool { return s == "1" || s == "true" }
