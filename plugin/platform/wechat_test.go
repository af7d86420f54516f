package platform_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	componentID     = "wxc0c0c0c0c0c0c0c0"
	componentSecret = "component-s3cr3t"
	merchant        = "wx0000000000000001"
)

// fakeWeChat is WeChat's side of one component, as hard as it may be: a refresh token works once.
type fakeWeChat struct {
	mu       sync.Mutex
	ahead    time.Duration
	n        int // of whatever was made
	tickets  []string
	token    string
	accounts map[string]*fakeAccount
	codes    map[string]string // app ids of codes that were not used yet
	calls    map[string]int    // by the last segment of the path
	refuse   map[string]int    // the errcode that a call answers with, by the same
	push     func(ticket string)
	sent     []string // texts
}

type fakeAccount struct {
	authorised bool
	exchanged  bool
	since      time.Time
	refresh    string
	tokens     []string
	sets       []int
	mini       bool
}

func newWeChat() *fakeWeChat {
	return &fakeWeChat{
		accounts: make(map[string]*fakeAccount), codes: make(map[string]string),
		calls: make(map[string]int), refuse: make(map[string]int),
	}
}

// Now is everybody's clock.
func (w *fakeWeChat) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now()
}

func (w *fakeWeChat) now() time.Time { return time.Now().Add(w.ahead) }

func (w *fakeWeChat) Forward(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead += d
}

func (w *fakeWeChat) next(what string) string {
	w.n++
	return fmt.Sprintf("%s@@@%d", what, w.n)
}

// Ticket makes a ticket.
func (w *fakeWeChat) Ticket() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.next("ticket")
	w.tickets = append(w.tickets, t)
	return t
}

// Scan has an account authorise the component. It gives so many codes for it.
func (w *fakeWeChat) Scan(appID string, codes int, sets ...int) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.accounts[appID]
	if a == nil {
		a = new(fakeAccount)
		w.accounts[appID] = a
	}
	if !a.authorised {
		a.authorised, a.since, a.exchanged = true, w.now(), false
		a.refresh = w.next("refreshtoken")
	}
	a.sets = sets
	given := make([]string, codes)
	for i := range given {
		given[i] = w.next("queryauthcode")
		w.codes[given[i]] = appID
	}
	return given
}

// Cancel has an account take it back.
func (w *fakeWeChat) Cancel(appID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.accounts[appID]
	a.authorised, a.refresh, a.tokens = false, "", nil
}

// Takes tells whether a token is an account's present one.
func (w *fakeWeChat) Takes(appID, token string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.accounts[appID]
	return a != nil && a.authorised && slices.Contains(a.tokens, token)
}

// Calls tells how many calls were made, by the last segment of the path.
func (w *fakeWeChat) Calls(name string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls[name]
}

// Refuse has a call fail with an errcode; 0: no more.
func (w *fakeWeChat) Refuse(name string, code int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refuse[name] = code
}

type object = map[string]any

func refusedWith(code int) object {
	return object{"errcode": code, "errmsg": fmt.Sprint("refused ", code)}
}

func (w *fakeWeChat) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	var in struct {
		Component, Secret, AppSecret, Ticket, Code, Account, Refresh string
		Offset, Count                                                int
		Text                                                         struct{ Content string }
	}
	var raw map[string]json.RawMessage
	_ = json.NewDecoder(r.Body).Decode(&raw)
	for name, to := range map[string]any{
		"component_appid": &in.Component, "component_secret": &in.Secret, "component_appsecret": &in.AppSecret,
		"component_verify_ticket": &in.Ticket, "authorization_code": &in.Code, "authorizer_appid": &in.Account,
		"authorizer_refresh_token": &in.Refresh, "offset": &in.Offset, "count": &in.Count, "text": &in.Text,
	} {
		_ = json.Unmarshal(raw[name], to)
	}
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	w.mu.Lock()
	w.calls[name]++
	answer := w.answer(name, r.URL.Query().Get("component_access_token"), in.Component, in.Secret, in.AppSecret, in.Ticket, in.Code, in.Account, in.Refresh, in.Offset, in.Count)
	if name == "send" {
		answer = w.send(r.URL.Query().Get("access_token"), in.Text.Content)
	}
	if name == "getticket" {
		answer = w.cardTicket(r.URL.Query().Get("access_token"))
	}
	push := w.push
	rw.Header().Set("Date", w.now().UTC().Format(http.TimeFormat))
	w.mu.Unlock()
	if name == "api_start_push_ticket" && answer["errcode"] == 0 && push != nil {
		push(w.Ticket())
	}
	_ = json.NewEncoder(rw).Encode(answer)
}

func (w *fakeWeChat) send(token, text string) object {
	for _, a := range w.accounts {
		if slices.Contains(a.tokens, token) {
			w.sent = append(w.sent, text)
			return object{"errcode": 0, "errmsg": "ok"}
		}
	}
	return refusedWith(40001)
}

func (w *fakeWeChat) cardTicket(token string) object {
	for appID, a := range w.accounts {
		if slices.Contains(a.tokens, token) {
			return object{"errcode": 0, "errmsg": "ok", "ticket": "card-ticket-of-" + appID, "expires_in": 7200}
		}
	}
	return refusedWith(40001)
}

func (w *fakeWeChat) answer(name, token, component, secret, appSecret, ticket, code, account, refresh string, offset, count int) object {
	if code := w.refuse[name]; code != 0 {
		return refusedWith(code)
	}
	switch name {
	case "api_start_push_ticket":
		if component != componentID || secret != componentSecret {
			return refusedWith(40125)
		}
		return object{"errcode": 0, "errmsg": "ok"}
	case "api_component_token":
		switch {
		case component != componentID || appSecret != componentSecret:
			return refusedWith(40125)
		case !slices.Contains(w.tickets, ticket):
			return refusedWith(61006)
		}
		w.token = w.next("componenttoken")
		return object{"component_access_token": w.token, "expires_in": 7200}
	}
	if token == "" || token != w.token {
		return refusedWith(40001)
	}
	a := w.accounts[account]
	switch name {
	case "api_create_preauthcode":
		return object{"pre_auth_code": w.next("preauthcode"), "expires_in": 1800}
	case "api_query_auth":
		account = w.codes[code]
		if account == "" {
			return refusedWith(61009)
		}
		delete(w.codes, code)
		a = w.accounts[account]
		if !a.authorised {
			return refusedWith(61003)
		}
		a.exchanged = true
		return object{"authorization_info": a.info(account, w.newToken(a), 7200)}
	case "api_authorizer_token":
		switch {
		case a == nil || !a.authorised:
			return refusedWith(61003)
		case refresh != a.refresh:
			return refusedWith(61023)
		}
		a.refresh = w.next("refreshtoken")
		return object{"authorizer_access_token": w.newToken(a), "expires_in": 7200, "authorizer_refresh_token": a.refresh}
	case "api_get_authorizer_info":
		if a == nil || !a.authorised {
			return refusedWith(61003)
		}
		info := object{"nick_name": "shop of " + account, "user_name": "gh_" + account[2:14], "verify_type_info": object{"id": 0}}
		if a.mini {
			info["MiniProgramInfo"] = object{"visit_status": 0}
		}
		told := a.info(account, "", 0)
		if !a.exchanged {
			told["authorizer_refresh_token"] = ""
		}
		return object{"authorizer_info": info, "authorization_info": told}
	case "api_get_authorizer_list":
		var all []string
		for appID, a := range w.accounts {
			if a.authorised {
				all = append(all, appID)
			}
		}
		slices.Sort(all)
		list := []object{}
		for _, appID := range all[min(offset, len(all)):min(offset+count, len(all))] {
			a := w.accounts[appID]
			listed := object{"authorizer_appid": appID, "auth_time": a.since.Unix()}
			if a.exchanged {
				listed["refresh_token"] = a.refresh
			}
			list = append(list, listed)
		}
		return object{"total_count": len(all), "list": list}
	}
	return refusedWith(48001)
}

func (w *fakeWeChat) newToken(a *fakeAccount) string {
	token := w.next("authorizertoken")
	a.tokens = append(a.tokens, token)
	return token
}

func (a *fakeAccount) info(appID, token string, life int) object {
	functions := []object{}
	for _, id := range a.sets {
		functions = append(functions, object{"funcscope_category": object{"id": id}})
	}
	info := object{"authorizer_appid": appID, "authorizer_refresh_token": a.refresh, "func_info": functions}
	if token != "" {
		info["authorizer_access_token"], info["expires_in"] = token, life
	}
	return info
}

// serve gives a URL of the fake's, behind what a process's fate is.
func (w *fakeWeChat) serve(t testing.TB, fate *fate) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if err := fate.do(func() error { w.ServeHTTP(rw, r); return nil }); err != nil {
			panic(http.ErrAbortHandler) // nobody gets an answer
		}
	}))
	srv.Config.ErrorLog = nil
	t.Cleanup(srv.Close)
	return srv.URL
}
