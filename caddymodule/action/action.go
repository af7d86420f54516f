// Package action is the contract between the handler wechat_card and its actions. An action may be anybody's module.
package action

import (
	"net/http"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/doctor"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Action is a guest module of http.handlers.wechat_card.actions: what one wechat_card handler does with a request.
//
// An error that ServeAction makes itself should be a *Problem, or what a method of plugin.Account returned:
// Handler turns both into an answer. Errors of next are to be returned as they are.
type Action interface {
	// Needs names the credentials that the app warms at start for this action.
	Needs() []credential.Kind

	// ServeAction handles one request for account, or passes it on to next.
	ServeAction(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, account *plugin.Account) error
}

// Composed is a guest module of the same namespace that is several actions. Handler does for each of them what it does for a single
// one; so what warms, counts, logs and examines actions knows them by their own names.
type Composed interface {
	// Parts are the actions, by their names.
	Parts() map[string]Action

	// PartOf names the part that a request is for. Every other name, such as the empty one, sends the request to next as it is.
	PartOf(r *http.Request) string
}

// Answering is an Action that only some methods ask something of. Handler answers OPTIONS for it, and refuses every
// method that is not in Methods.
type Answering interface {
	Action

	// Methods lists the HTTP methods that ServeAction takes.
	Methods() []string
}

// Last is an Action that passes nothing on to next. `caddy wechat-card doctor` tells what stands behind it in vain.
type Last interface {
	Action

	// PassesNothingOn says so by being there. It is not called.
	PassesNothingOn()
}

// Choosing is an Action that not every account will do for.
type Choosing interface {
	Action

	// CheckAccount tells what an account lacks. Handler calls it in its Provision, after that of the action, for each account
	// that requests may be for.
	CheckAccount(account *plugin.Account) error
}

// Accountless is an Action that may be for a component (第三方平台), and finds the accounts itself that it acts for.
type Accountless interface {
	Action

	// WithoutAccount tells whether this one is so. It is asked after Provision. The route names no account then, and ServeAction
	// gets none.
	WithoutAccount() bool
}

// ProgramUser is an Action that uses the access_token of mini programs.
type ProgramUser interface {
	Action

	// MiniPrograms lists them by their app ids; the empty one is the account's first. Their tokens are warmed at start. It is
	// asked after Provision.
	MiniPrograms() []string
}

// CardUser is an Action whose configuration names cards. `caddy wechat-card doctor` looks at those cards, and the admin API
// knows by them whose a card is.
type CardUser interface {
	Action

	// CardUses tells what is done with the listed cards; with the id "*" among them if others may be asked for. The Action's
	// name need not be set.
	CardUses() []doctor.CardUse
}

// Doubtful is an Action that may be configured in a way that somebody should look at. It logs the same as warnings in its
// Provision; `caddy wechat-card doctor` shows it with what it finds.
type Doubtful interface {
	Action

	// Doubts tells what is doubtful about the configuration, and what to do. It is asked after Provision.
	Doubts() []doctor.Finding
}

// Phrasing is an Action whose clients look for more in a problem document than others do.
type Phrasing interface {
	Action

	// Phrase changes the answer for a Problem before it is written. What is logged and counted is the Problem as it was.
	Phrase(p *problem.Problem)
}

// Namespace is where actions are registered.
const Namespace = "http.handlers.wechat_card.actions"
