// Package exchanges remembers what came past the sandbox: requests and their answers, with the secrets in them masked when
// they are shown, and how many calls there were of each path.
package exchanges

import (
	"net/http"
	"sync"
	"time"
)

// Bounds of what is remembered of exchanges.
const (
	MaxExchanges = 300
	MaxLogged    = 8 << 10 // of each body
	MaxAddress   = 2 << 10
	MaxHeader    = 4 << 10 // of a request
)

// Who takes part in an exchange. The backend is seen only when its answer comes through to the phone.
const (
	Phone   = "phone"
	Gateway = "gateway"
	WeChat  = "wechat"
)

// Exchange is a request and its answer, as they came past the sandbox: from the phone to the gateway, from the gateway to
// WeChat, or a mini program's call of the WeChat client, which stays in the phone.
type Exchange struct {
	ID       int64
	seq      int64
	Parent   int64  // the phone's request that was under way, 0: none
	Tap      string // what the user did on the page, "": it was not the page
	From, To string
	Method   string
	Origin   string // scheme and host, as the one who asked wrote them; "": nothing was sent over a network
	Address  string // path and query; for the client's calls their name
	Header   http.Header
	Begin    time.Time
	started  time.Time // the same by a clock that no test sets
	Took     time.Duration
	Request  []byte
	Response []byte
	Clipped  bool // less is kept than was sent
	Status   int
	Done     bool
	Fault    bool // a fault was meant to befall it
	Proxied  bool // the answer came through a proxy: it is a backend's
	Failure  string
}

// Log remembers the latest exchanges.
type Log struct {
	mu   sync.Mutex
	seq  int64
	list []*Exchange
}

// Begin notes a request.
func (l *Log) Begin(x Exchange) *Exchange {
	l.mu.Lock()
	defer l.mu.Unlock()
	x.started = time.Now()
	kept, whole := boundHeader(x.Header)
	x.Clipped = !whole || len(x.Request) > MaxLogged || len(x.Address) > MaxAddress
	x.Header = kept
	x.Request = clip(x.Request, MaxLogged)
	x.Address = x.Address[:min(len(x.Address), MaxAddress)]
	for _, other := range l.list {
		if other.From == Phone && other.To == Gateway && !other.Done {
			x.Parent = other.ID
			if x.Tap == "" {
				x.Tap = other.Tap
			}
		}
	}
	l.seq++
	x.ID, x.seq = l.seq, l.seq
	if len(l.list) >= MaxExchanges {
		l.list = append([]*Exchange(nil), l.list[len(l.list)-MaxExchanges*3/4:]...)
	}
	l.list = append(l.list, &x)
	return &x
}

// End notes what came of it; set may note more, with the log locked.
func (l *Log) End(x *Exchange, status int, response []byte, set func(*Exchange)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	x.Status, x.Response, x.Done, x.Took = status, clip(response, MaxLogged), true, time.Since(x.started)
	if set != nil {
		set(x)
	}
	l.seq++
	x.seq = l.seq
}

// Since gives what began or ended after seq, oldest first, and what to ask for next time.
func (l *Log) Since(seq int64) (list []Exchange, next int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, x := range l.list {
		if x.seq > seq {
			list = append(list, *x)
		}
	}
	return list, l.seq
}

// Forget forgets all exchanges.
func (l *Log) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = nil
	l.seq++
}

// clip copies at most n bytes.
func clip(b []byte, n int) []byte { return append([]byte(nil), b[:min(len(b), n)]...) }

// boundHeader copies a header as far as it is kept; whole says whether that is all of it.
func boundHeader(h http.Header) (kept http.Header, whole bool) {
	kept, whole = make(http.Header, len(h)), true
	left := MaxHeader
	for name, values := range h {
		for _, value := range values {
			if left -= len(name) + len(value); left < 0 {
				return kept, false
			}
			kept[name] = append(kept[name], value)
		}
	}
	return kept, whole
}
