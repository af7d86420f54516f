package simulation

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

var errInvalid = &wechat.Error{API: "code/decrypt", Code: 40001, Msg: "invalid credential"}

// weChat is what WeChat knows of one account.
type weChat struct {
	*world
	acct    int
	minted  int
	token   string // the current one
	tokens  map[string]*token
	tickets map[credential.Kind]*ticket
	sticky  bool // stable_token believes in a dead token
	forced  time.Duration
}

type token struct{ expires, until time.Duration }

type ticket struct {
	text string
	ends time.Duration // of its life, or the next point of the grid
}

func newWeChat(w *world, acct int) *weChat {
	return &weChat{world: w, acct: acct, tokens: map[string]*token{}, tickets: map[credential.Kind]*ticket{}, forced: -time.Hour}
}

// alive is whether WeChat takes a token.
func (w *weChat) alive(text string) bool {
	t := w.tokens[text]
	return t != nil && w.now() < t.until
}

// call is one call of a process, from its beginning to its answer.
func (n *node) call(ctx context.Context, kind credential.Kind, force bool, shown string) (wechat.Grant, error) {
	api := "getticket"
	if kind == credential.AccessToken {
		api = "stable_token"
	}
	requested := n.clock()
	w := n.weChat
	var g wechat.Grant
	failed := w.wait(ctx, n.name+" call "+string(kind), func(t *turn) {
		text := shown
		if force {
			text = "force"
		}
		w.note(event{what: evCall, node: n.id, acct: n.acct, kind: kind, text: text})
		if w.doomed && n.holds(kind) {
			w.doomed = false
			w.kill(n, true)
		}
		there, back := w.span(10*time.Millisecond, 200*time.Millisecond), w.span(10*time.Millisecond, 200*time.Millisecond)
		lost := w.is(faultTimeout) || w.is(faultLost)
		fail := func(after time.Duration, e *wechat.Error) {
			w.after(after, func() {
				if !t.over {
					w.note(event{what: evFail, node: n.id, acct: n.acct, kind: kind, text: e.Error()})
				}
				w.finish(t, e)
			})
		}
		switch {
		case n.dead, w.is(faultRefused), n.cut:
			fail(there, &wechat.Error{API: api, Err: errors.New("connection refused")})
			return
		case w.is(faultTimeout):
			fail(callLimit, &wechat.Error{API: api, Timeout: true})
			return
		case w.is(faultSlow):
			there = 4*time.Second - there
		}
		w.after(there, func() {
			var code int
			if g, code = w.answer(n, kind, force, shown); code != 0 {
				fail(back, &wechat.Error{API: api, Code: code, Msg: "made up"})
				return
			}
			if lost {
				fail(callLimit-there, &wechat.Error{API: api, Timeout: true})
				return
			}
			w.after(back, func() {
				if n.dead {
					w.finish(t, &wechat.Error{API: api, Err: errors.New("killed")})
					return
				}
				if !t.left {
					n.learn()
					g.Requested = requested
					w.note(event{what: evGrant, node: n.id, acct: n.acct, kind: kind, text: g.Value, n: g.Lifetime})
				}
				w.finish(t, nil)
			})
		})
	})
	if failed != nil {
		if _, ours := errors.AsType[*wechat.Error](failed); !ours {
			failed = &wechat.Error{API: api, Err: failed}
		}
		return wechat.Grant{}, failed
	}
	return g, nil
}

// answer is what WeChat makes of a call when it comes to it: a value, or an errcode.
func (w *weChat) answer(n *node, kind credential.Kind, force bool, shown string) (wechat.Grant, int) {
	switch {
	case w.is(faultBusy) && !w.chance(3):
		return wechat.Grant{}, -1
	case w.is(faultMinute):
		return wechat.Grant{}, 45011
	case w.is(faultQuota):
		return wechat.Grant{}, 45009
	case w.is(faultSecret) && kind == credential.AccessToken:
		return wechat.Grant{}, 40125
	case n.refused:
		return wechat.Grant{}, 40164
	}
	if kind == credential.AccessToken {
		return w.giveToken(force), 0
	}
	if !w.alive(shown) {
		return wechat.Grant{}, 40001
	}
	return w.giveTicket(kind), 0
}

func (w *weChat) giveToken(force bool) wechat.Grant {
	now := w.now()
	cur := w.tokens[w.token]
	if force = force && now-w.forced >= 30*time.Second; force {
		w.forced = now
	}
	if w.cfg.classic || force || cur == nil || cur.expires-now < overlap || now >= cur.until && !w.sticky {
		if end := now + overlap; cur != nil && cur.until > end {
			cur.until = end
		}
		if cur != nil {
			w.note(event{what: evSuper, acct: w.acct, kind: credential.AccessToken, text: w.token, n: cur.until})
		}
		cur = &token{expires: now + w.cfg.life, until: now + w.cfg.life}
		w.token, w.sticky = w.mint(credential.AccessToken, cur.expires), false
		w.tokens[w.token] = cur
	}
	return wechat.Grant{Value: w.token, Lifetime: (cur.expires - now).Truncate(time.Second)}
}

func (w *weChat) giveTicket(kind credential.Kind) wechat.Grant {
	now := w.now()
	cur := w.tickets[kind]
	switch w.cfg.rule {
	case ruleHonest:
		if cur == nil || cur.ends-now < overlap {
			cur = &ticket{ends: now + w.cfg.life}
			cur.text = w.mint(kind, cur.ends)
		}
		w.tickets[kind] = cur
		return wechat.Grant{Value: cur.text, Lifetime: (cur.ends - now).Truncate(time.Second)}
	case ruleGrid:
		w.turnGrid(kind)
		cur = w.tickets[kind]
		return wechat.Grant{Value: cur.text, Lifetime: w.cfg.life}
	case ruleFresh:
	}
	return wechat.Grant{Value: w.mint(kind, now+w.cfg.life), Lifetime: w.cfg.life}
}

// turnGrid changes the ticket of a kind when its time has come. It was good for a life when it was given last.
func (w *weChat) turnGrid(kind credential.Kind) {
	now := w.now()
	cur := w.tickets[kind]
	if cur != nil && now < cur.ends {
		return
	}
	if cur != nil {
		w.note(event{what: evSuper, acct: w.acct, kind: kind, text: cur.text, n: cur.ends + w.cfg.life})
	}
	next := &ticket{ends: now.Truncate(w.cfg.life) + w.cfg.life}
	next.text = w.mint(kind, next.ends+w.cfg.life)
	w.tickets[kind] = next
	w.after(next.ends-now, func() { w.turnGrid(kind) })
}

// mint makes a new value.
func (w *weChat) mint(kind credential.Kind, ends time.Duration) string {
	w.minted++
	text := string(kind) + "-" + strconv.Itoa(w.acct) + "-" + strconv.Itoa(w.minted)
	w.note(event{what: evMint, acct: w.acct, kind: kind, text: text, n: ends})
	return text
}

// revoke ends the current token, as somebody else may.
func (w *weChat) revoke(sticky bool) {
	t := w.tokens[w.token]
	if t == nil {
		return
	}
	t.until = min(t.until, w.now())
	w.sticky = sticky
	e := event{what: evRevoke, acct: w.acct, kind: credential.AccessToken, text: w.token}
	if sticky {
		e.n = 1
	}
	w.note(e)
}
