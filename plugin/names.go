package plugin

import (
	"context"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/account"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/activation"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/component"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/lending"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/login"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/relay"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/signer"
)

// What an Account's methods take, give and fail with, by the names that it has here.
type (
	TokenSource     = account.TokenSource
	MiniProgram     = login.MiniProgram
	CardSigner      = signer.CardSigner
	ComponentQuery  = component.Query
	Activation      = activation.Activation
	ActivationField = activation.Field
	Loan            = lending.Loan
	RelayCall       = relay.Call
	Busy            = limit.Busy
	Finding         = doctor.Finding
	Verdict         = doctor.Verdict
	Report          = doctor.Report
	CardUse         = doctor.CardUse
	Sending         = doctor.Sending
)

// The token sources.
const (
	Stable  = account.Stable
	Classic = account.Classic
	None    = account.None
	Remote  = account.Remote
	Redis   = account.Redis
)

// The verdicts of a Finding.
const (
	Fine    = doctor.Fine
	Warning = doctor.Warning
	Wrong   = doctor.Wrong
)

// How routes send a field.
const (
	Never  = doctor.Never
	Maybe  = doctor.Maybe
	Always = doctor.Always
)

// CheckStore writes a key of its own into a store, reads it back and removes it. where says in words what the store is.
func CheckStore(ctx context.Context, store credential.Store, where string, report Report) {
	doctor.CheckStore(ctx, store, where, report)
}
