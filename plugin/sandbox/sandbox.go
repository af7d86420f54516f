// Package sandbox is a stand-in for api.weixin.qq.com and for the phone of a WeChat user, to develop and test against
// without an account anywhere.
//
// It follows WeChat's published rules and, where they are silent, the choice that is harder on the caller; each file
// says which choices it made:
//
//	token.go      access_tokens: /cgi-bin/token and /cgi-bin/stable_token
//	ticket.go     api_ticket and jsapi_ticket
//	quota.go      daily quotas, and the calls that read and clear them
//	user.go       users, their openids, /sns/jscode2session
//	card.go       what a card is, and which ids are cards
//	cardapi.go    /card/create, update, get, batchget, modifystock, delete
//	cardhelp.go   /card/getcolors, /card/testwhitelist/set
//	code.go       codes, plain and encrypted
//	codeapi.go    /card/code/… and /card/user/getcardlist
//	member.go     /card/membercard/…
//	menu.go       /cgi-bin/menu/…
//	phone.go      the phone: wx.addCard (addcard.go, signature.go), wx.openCard, the member-card component (component.go)
//	control.go    /_sandbox/…: faults (fault.go), revocation, call counts, cards, review, reset
//	page.go       /, a phone to try a gateway on in a browser; its files are in page/
//	events.go     what the page shows: exchanges (exchange.go), credentials, faults, the wallet
//	phonerequest.go  wx.request, on the page's behalf
//	inspect.go    why a signature is good or not
//
// A path that WeChat does not know is answered with errcode 40066, "invalid url", as WeChat does.
package sandbox

import (
	"crypto/cipher"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// DefaultExpiresIn is how long tokens and tickets live unless Config says otherwise: as at WeChat.
const DefaultExpiresIn = 7200 * time.Second

// Bounds of what is remembered; past them the longest unused goes.
const (
	maxApps    = 1_000
	maxCards   = 10_000
	maxRecords = 100_000 // codes, nonces, logins, openids, tokens
	maxPaths   = 1_000   // paths counted, of at most maxText characters
	maxTickets = 1_000   // of one kind and app
	maxFaults  = 1_000
	maxBody    = 64 << 10
	maxText    = 128 // characters of an id, a js_code, a membership number
)

// Config of a Sandbox. The zero value is a good one.
type Config struct {
	// Apps are the official accounts and mini programs that exist, app secrets by app id. Nil: any id with any secret.
	Apps map[string]string
	// ExpiresIn is the lifetime of tokens and tickets, in whole seconds. Default: 7200 s.
	// WeChat's five minutes (of a superseded token, of a rotation) scale to min(300 s, ExpiresIn/4), the 30 s between two
	// forced refreshes to min(30 s, ExpiresIn/40).
	ExpiresIn time.Duration
	// CustomCodeCards are the cards, of those that spring up, with use_custom_code.
	CustomCodeCards []string
	// StrictCards: only cards made by /card/create, PutCard or /_sandbox/cards exist; none springs up on first use.
	StrictCards bool
	// Now is the clock. Nil: time.Now. Delays of faults run on real (or synctest's) time.
	Now func() time.Time
}

// Sandbox is an http.Handler that answers as api.weixin.qq.com would, below /_sandbox/phone/ as a WeChat client would,
// and below /_sandbox/ to tests that want something to go wrong. It is safe for concurrent use.
type Sandbox struct {
	cfg        Config
	now        func() time.Time
	customCode map[string]bool
	endpoints  map[string]endpoint
	seal       cipher.AEAD
	epoch      string // a name for this life of the sandbox
	transport  http.RoundTripper
	requests   chan struct{} // one for each wx.request under way
	log        exchangeLog

	mu     sync.Mutex
	apps   *simplelru.LRU[string, *app]
	tokens *simplelru.LRU[string, *token]
	logins *simplelru.LRU[string, struct{}] // js_codes that were used, by app
	people *simplelru.LRU[string, person]   // by openid
	cards  *simplelru.LRU[string, *card]
	codes  *simplelru.LRU[codeKey, *userCard]
	nonces *simplelru.LRU[string, struct{}] // of successful wx.addCard calls
	temps  *simplelru.LRU[string, *tempInfo]
	calls  map[string]int
	faults []*fault

	faultID int64 // of the latest fault
}

// New makes a Sandbox. It starts no goroutine and needs no closing.
func New(cfg Config) *Sandbox {
	if cfg.ExpiresIn <= 0 {
		cfg.ExpiresIn = DefaultExpiresIn
	}
	s := &Sandbox{
		cfg:        cfg,
		now:        cfg.Now,
		customCode: make(map[string]bool, len(cfg.CustomCodeCards)),
		endpoints:  knownEndpoints(),
		seal:       newSeal(),
		transport:  newPhoneTransport(),
		requests:   make(chan struct{}, maxRequests),
		apps:       newLRU[string, *app](maxApps),
		tokens:     newLRU[string, *token](maxRecords),
	}
	if s.now == nil {
		s.now = time.Now
	}
	for _, id := range cfg.CustomCodeCards {
		s.customCode[id] = true
	}
	s.Reset()
	return s
}

// Reset forgets cards, codes, users, menus, faults, call counts, exchanges, quotas and revocations to come. Tokens and tickets stay as they
// are, so that whoever holds them works on; Revoke ends them.
func (s *Sandbox) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log.forget()
	s.epoch = randomText(9)
	for _, a := range s.apps.Values() {
		a.quota, a.clears, a.forced, a.sticky, a.menu = daily{}, monthly{}, forced{}, false, nil
	}
	s.logins = newLRU[string, struct{}](maxRecords)
	s.people = newLRU[string, person](maxRecords)
	s.cards = newLRU[string, *card](maxCards)
	s.codes = newLRU[codeKey, *userCard](maxRecords)
	s.nonces = newLRU[string, struct{}](maxRecords)
	s.temps = newLRU[string, *tempInfo](maxRecords)
	s.calls = make(map[string]int)
	s.faults = nil
	s.people.Add(DemoOpenID, person{user: demoUser})
}

// call is one call of the API, as its endpoint sees it; the Sandbox is locked.
type call struct {
	now   time.Time
	app   *app // whose access_token it is
	query url.Values
	body  []byte
}

// endpoint is one call of WeChat's API.
type endpoint struct {
	method string
	open   bool // needs no access_token
	run    func(s *Sandbox, c *call) (any, error)
}

// knownEndpoints are the calls that the sandbox knows, by path.
func knownEndpoints() map[string]endpoint {
	return map[string]endpoint{
		"/cgi-bin/token":             {method: http.MethodGet, open: true, run: (*Sandbox).classicToken},
		"/cgi-bin/stable_token":      {method: http.MethodPost, open: true, run: (*Sandbox).stableToken},
		"/cgi-bin/ticket/getticket":  {method: http.MethodGet, run: (*Sandbox).getTicket},
		"/cgi-bin/openapi/quota/get": {method: http.MethodPost, run: (*Sandbox).getQuota},
		"/cgi-bin/clear_quota":       {method: http.MethodPost, run: (*Sandbox).clearQuota},
		"/sns/jscode2session":        {method: http.MethodGet, open: true, run: (*Sandbox).jscode2session},

		"/cgi-bin/menu/create": {method: http.MethodPost, run: (*Sandbox).createMenu},
		"/cgi-bin/menu/get":    {method: http.MethodGet, run: (*Sandbox).getMenu},
		"/cgi-bin/menu/delete": {method: http.MethodGet, run: (*Sandbox).deleteMenu},

		"/card/create":      {method: http.MethodPost, run: (*Sandbox).createCard},
		"/card/update":      {method: http.MethodPost, run: (*Sandbox).updateCard},
		"/card/get":         {method: http.MethodPost, run: (*Sandbox).getCard},
		"/card/batchget":    {method: http.MethodPost, run: (*Sandbox).batchGetCards},
		"/card/modifystock": {method: http.MethodPost, run: (*Sandbox).modifyStock},
		"/card/delete":      {method: http.MethodPost, run: (*Sandbox).deleteCard},

		"/card/getcolors":         {method: http.MethodGet, run: (*Sandbox).getColors},
		"/card/testwhitelist/set": {method: http.MethodPost, run: (*Sandbox).setTestWhitelist},

		"/card/code/decrypt":         {method: http.MethodPost, run: (*Sandbox).decryptCode},
		"/card/code/get":             {method: http.MethodPost, run: (*Sandbox).getCode},
		"/card/code/consume":         {method: http.MethodPost, run: (*Sandbox).consumeCode},
		"/card/code/unavailable":     {method: http.MethodPost, run: (*Sandbox).unavailableCode},
		"/card/code/deposit":         {method: http.MethodPost, run: (*Sandbox).depositCodes},
		"/card/code/getdepositcount": {method: http.MethodPost, run: (*Sandbox).depositCount},
		"/card/user/getcardlist":     {method: http.MethodPost, run: (*Sandbox).userCards},

		"/card/membercard/activate/geturl":      {method: http.MethodPost, run: (*Sandbox).activateURL},
		"/card/membercard/activateuserform/set": {method: http.MethodPost, run: (*Sandbox).setActivateForm},
		"/card/membercard/activatetempinfo/get": {method: http.MethodPost, run: (*Sandbox).getTempInfo},
		"/card/membercard/activate":             {method: http.MethodPost, run: (*Sandbox).activateMember},
		"/card/membercard/userinfo/get":         {method: http.MethodPost, run: (*Sandbox).memberInfo},
		"/card/membercard/updateuser":           {method: http.MethodPost, run: (*Sandbox).updateMember},
	}
}

// ServeHTTP implements http.Handler.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	if strings.HasPrefix(r.URL.Path, controlPrefix) {
		s.serveControl(w, r)
		return
	}
	if wantsPage(r) {
		servePage(w, r, "index.html")
		return
	}
	f := s.arrive(r.URL.Path)
	body, bodyErr := readBody(w, r) // first of all: the server notices that a client goes only when its body is read
	rec := &recorder{ResponseWriter: w}
	w = rec
	x := s.log.begin(exchange{
		from: theGateway, to: theWeChat, method: r.Method, address: r.URL.RequestURI(), begin: s.now(), request: body, fault: f != nil,
	})
	defer func() { s.log.end(x, rec.status, rec.body, nil) }()
	answer := func() any {
		v, err := s.run(r, body, bodyErr)
		if err != nil {
			return s.refusal(err)
		}
		return v
	}
	if f == nil {
		writeJSON(w, http.StatusOK, answer())
		return
	}
	var late any
	if f.Execute {
		late = answer()
	}
	if !f.wait(r.Context()) {
		return // nobody is there any more
	}
	switch {
	case f.spoils():
		f.answer(w)
	case f.Execute:
		writeJSON(w, http.StatusOK, late)
	default:
		writeJSON(w, http.StatusOK, answer())
	}
}

// run carries out one call of the API.
func (s *Sandbox) run(r *http.Request, body []byte, bodyErr error) (any, error) {
	e, known := s.endpoints[r.URL.Path]
	switch {
	case !known:
		return nil, errInvalidURL
	case e.method == http.MethodPost && r.Method != http.MethodPost:
		return nil, errNeedPost
	case e.method == http.MethodGet && r.Method != http.MethodGet:
		return nil, errNeedGet
	case bodyErr != nil:
		return nil, bodyErr
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	c := &call{now: s.now(), query: r.URL.Query(), body: body}
	if !e.open {
		var err error
		if c.app, err = s.authorize(c.query.Get("access_token"), c.now); err != nil {
			return nil, err
		}
		if err := c.app.spend(r.URL.Path, c.now); err != nil {
			return nil, err
		}
	}
	return e.run(s, c)
}

// newLRU makes a map that forgets the longest unused past size, which is positive.
func newLRU[K comparable, V any](size int) *simplelru.LRU[K, V] {
	l, _ := simplelru.NewLRU[K, V](size, nil) // fails only for a size below 1
	return l
}

// Interface guard
var _ http.Handler = (*Sandbox)(nil)
