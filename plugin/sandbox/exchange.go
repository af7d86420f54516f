package sandbox

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Bounds of what is remembered of exchanges.
const (
	maxExchanges = 300
	maxLogged    = 8 << 10 // of each body
	maxAddress   = 2 << 10
)

// Who takes part in an exchange. The backend is seen only when its answer comes through to the phone.
const (
	thePhone   = "phone"
	theGateway = "gateway"
	theWeChat  = "wechat"
)

// exchange is a request and its answer, as they came past the sandbox: from the phone to the gateway, from the gateway to
// WeChat, or a mini program's call of the WeChat client, which stays in the phone.
type exchange struct {
	id, seq  int64
	parent   int64  // the phone's request that was under way, 0: none
	tap      string // what the user did on the page, "": it was not the page
	from, to string
	method   string
	address  string // path and query; for the client's calls their name
	begin    time.Time
	started  time.Time // the same by a clock that no test sets
	took     time.Duration
	request  []byte
	response []byte
	status   int
	done     bool
	fault    bool // a fault was meant to befall it
	proxied  bool // the answer came through a proxy: it is a backend's
	failure  string
}

// exchangeLog remembers the latest exchanges.
type exchangeLog struct {
	mu   sync.Mutex
	seq  int64
	list []*exchange
}

// begin notes a request.
func (l *exchangeLog) begin(x exchange) *exchange {
	l.mu.Lock()
	defer l.mu.Unlock()
	x.started = time.Now()
	x.request = clip(x.request, maxLogged)
	x.address = x.address[:min(len(x.address), maxAddress)]
	for _, other := range l.list {
		if other.from == thePhone && other.to == theGateway && !other.done {
			x.parent = other.id
			if x.tap == "" {
				x.tap = other.tap
			}
		}
	}
	l.seq++
	x.id, x.seq = l.seq, l.seq
	if len(l.list) >= maxExchanges {
		l.list = append([]*exchange(nil), l.list[len(l.list)-maxExchanges*3/4:]...)
	}
	l.list = append(l.list, &x)
	return &x
}

// end notes what came of it.
func (l *exchangeLog) end(x *exchange, status int, response []byte, set func(*exchange)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x.status, x.response, x.done, x.took = status, clip(response, maxLogged), true, time.Since(x.started)
	if set != nil {
		set(x)
	}
	l.seq++
	x.seq = l.seq
}

// since gives what began or ended after seq, oldest first, and what to ask for next time.
func (l *exchangeLog) since(seq int64) (list []exchange, next int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, x := range l.list {
		if x.seq > seq {
			list = append(list, *x)
		}
	}
	return list, l.seq
}

func (l *exchangeLog) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = nil
	l.seq++
}

// clip copies at most n bytes.
func clip(b []byte, n int) []byte { return append([]byte(nil), b[:min(len(b), n)]...) }

// recorder remembers the beginning of what is answered.
type recorder struct {
	http.ResponseWriter
	status int
	body   []byte
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(b []byte) (int, error) {
	r.body = append(r.body, b[:min(len(b), max(0, maxLogged-len(r.body)))]...)
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController hang up.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// What must not be shown in full, in JSON and in queries.
const secretNames = `(?:access_token|refresh_token|rejected_token|secret|app_?secret|ticket|api_ticket|jsapi_ticket|session_key)`

var (
	secretJSON  = regexp.MustCompile(`("` + secretNames + `"\s*:\s*")((?:[^"\\]|\\.)*)`)
	secretQuery = regexp.MustCompile(`((?:^|[?&\s])` + secretNames + `=)([^&#\s]*)`)
)

// masked is text without its secrets: by their names, and those known wherever they stand.
func masked(text string, known []string) string {
	for _, re := range []*regexp.Regexp{secretJSON, secretQuery} {
		text = re.ReplaceAllStringFunc(text, func(found string) string {
			m := re.FindStringSubmatch(found)
			return m[1] + mask(m[2])
		})
	}
	for _, k := range known {
		text = strings.ReplaceAll(text, k, mask(k))
	}
	return text
}

// mask shows enough of a secret to tell it from another.
func mask(secret string) string {
	if strings.Contains(secret, "…") || secret == "" {
		return secret // is masked already
	}
	if len(secret) < 40 {
		return "…"
	}
	return secret[:6] + "…" + secret[len(secret)-4:]
}
