//go:build binary && unix

package binarytest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// traffic asks nodes for cards all the time and shows each answer to the phone.
type traffic struct {
	f       *fleet
	pace    time.Duration // between two requests to one node
	client  *http.Client
	stopAll context.CancelFunc
	ctx     context.Context
	wg      sync.WaitGroup

	mu      sync.Mutex
	stops   map[*node]context.CancelFunc
	good    map[*node]int
	bad     []string      // answers that were neither good nor 503, and signatures that the phone refused
	refusal int           // 503s
	badWait int           // 503s without a Retry-After of at least 1
	dropped int           // connections that ended without an answer
	slowest time.Duration // answer, of any kind
	lastOK  map[*node]time.Time
	outage  time.Duration // the longest time that a node had no good answer
	late    sync.WaitGroup
}

// run starts traffic on nodes; end ends it.
func (f *fleet) run(nodes ...*node) *traffic {
	tr := &traffic{
		f: f, pace: 100 * time.Millisecond, client: &http.Client{Transport: new(http.Transport), Timeout: 30 * time.Second},
		stops: make(map[*node]context.CancelFunc), good: make(map[*node]int), lastOK: make(map[*node]time.Time),
	}
	tr.ctx, tr.stopAll = context.WithCancel(f.t.Context())
	for _, n := range nodes {
		tr.add(n)
	}
	return tr
}

// add sends traffic to a node.
func (tr *traffic) add(n *node) {
	ctx, stop := context.WithCancel(tr.ctx)
	tr.mu.Lock()
	tr.stops[n] = stop
	tr.lastOK[n] = time.Now()
	tr.mu.Unlock()
	tr.wg.Go(func() {
		for ctx.Err() == nil {
			tr.ask(ctx, n)
			select {
			case <-time.After(tr.pace):
			case <-ctx.Done():
			}
		}
	})
}

// remove ends the traffic to a node.
func (tr *traffic) remove(n *node) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.stops[n]()
}

// end ends the traffic and fails the test for each bad answer.
func (tr *traffic) end() {
	tr.f.t.Helper()
	tr.stopAll()
	tr.wg.Wait()
	tr.late.Wait()
	tr.client.CloseIdleConnections()
	for i, text := range tr.bad {
		if i == 5 {
			tr.f.t.Errorf("and %d more", len(tr.bad)-i)
			break
		}
		tr.f.t.Error(text)
	}
	if tr.badWait > 0 {
		tr.f.t.Errorf("%d answers of 503 have no Retry-After", tr.badWait)
	}
	total := 0
	for _, n := range tr.good {
		total += n
	}
	tr.f.t.Logf("%d good answers, %d of 503, %d connections dropped, slowest %v, longest without a good answer %v",
		total, tr.refusal, tr.dropped, tr.slowest.Round(time.Millisecond), tr.outage.Round(time.Millisecond))
}

// endAllGood is end for a fault that users must not notice.
func (tr *traffic) endAllGood() {
	tr.f.t.Helper()
	tr.end()
	if tr.refusal > 0 || tr.dropped > 0 {
		tr.f.t.Errorf("%d answers were 503, %d connections ended without one", tr.refusal, tr.dropped)
	}
	if len(tr.good) < len(tr.stops) {
		tr.f.t.Errorf("only %d of %d nodes served", len(tr.good), len(tr.stops))
	}
}

// served counts the good answers of a node so far.
func (tr *traffic) served(n *node) int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.good[n]
}

// refused counts the answers of 503 so far.
func (tr *traffic) refused() int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.refusal
}

func (tr *traffic) note(n *node, began time.Time, status int) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	now := time.Now()
	tr.slowest = max(tr.slowest, now.Sub(began))
	if status != http.StatusOK {
		tr.outage = max(tr.outage, now.Sub(tr.lastOK[n]))
		return
	}
	tr.outage = max(tr.outage, now.Sub(tr.lastOK[n]))
	tr.good[n]++
	tr.lastOK[n] = now
}

func (tr *traffic) failed(format string, args ...any) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.bad = append(tr.bad, fmt.Sprintf(format, args...))
}

// ask asks a node for two cards, and shows one to the phone at once and the other later.
func (tr *traffic) ask(ctx context.Context, n *node) {
	began := time.Now()
	status, header, body, err := answer(ctx, tr.client, n.addCardURL()+"&card_id=pOther")
	if ctx.Err() != nil {
		return
	}
	tr.note(n, began, status)
	switch {
	case errors.Is(err, errNoAnswer):
		tr.mu.Lock()
		tr.dropped++
		tr.mu.Unlock()
		return
	case status == http.StatusServiceUnavailable && bytes.Contains(body, []byte(`"credential_unavailable"`)):
		tr.mu.Lock()
		tr.refusal++
		if wait, _ := strconv.Atoi(header.Get("Retry-After")); wait < 1 {
			tr.badWait++
		}
		tr.mu.Unlock()
		return
	case status != http.StatusOK:
		tr.failed("%s: answered %d: %s (%v)", n.name, status, body, err)
		return
	}
	var cards struct {
		List []json.RawMessage `json:"cardList"`
	}
	if err := json.Unmarshal(body, &cards); err != nil || len(cards.List) != 2 {
		tr.failed("%s: answered %s", n.name, body)
		return
	}
	tr.show(n, began, cards.List[0])
	tr.late.Go(func() {
		// One second for a lifetime of a minute or more: a ticket signs while 2 % of its lifetime are left.
		time.Sleep(min(time.Second, tr.f.life/60))
		tr.show(n, began, cards.List[1])
	})
}

// show shows a signed card to the phone.
func (tr *traffic) show(n *node, signed time.Time, card json.RawMessage) {
	refusal := tr.f.w.addCard(tr.client, card)
	if refusal == "" {
		return
	}
	// The test itself may have been too slow.
	if after := time.Since(signed); refusal != "expired_ticket" || after < min(time.Minute, tr.f.life/50) {
		tr.failed("%s: the phone refused a signature after %v: %s", n.name, after, refusal)
	}
}

// addCard shows one signed card to the phone and gives the reason of its refusal, if any.
func (w *wechat) addCard(client *http.Client, card json.RawMessage) string {
	list := slices.Concat([]byte(`{"cardList":[`), card, []byte(`]}`))
	resp, err := client.Post(w.url+"/_sandbox/phone/addCard", "application/json", bytes.NewReader(list))
	if err != nil {
		return "the phone did not answer: " + err.Error()
	}
	defer resp.Body.Close()
	var said struct {
		ErrMsg string `json:"errMsg"`
		Reason string `json:"reason"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&said); err != nil {
		return err.Error()
	}
	if said.ErrMsg != "addCard:ok" && said.Reason == "" {
		return said.ErrMsg
	}
	return said.Reason
}

// answer fetches url and gives all there is of the answer.
func answer(ctx context.Context, client *http.Client, url string) (status int, header http.Header, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, nil, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, body, err
}

// wantGood fails the test unless a node serves a card that the phone takes.
func (f *fleet) wantGood(t *testing.T, nodes ...*node) {
	t.Helper()
	for _, n := range nodes {
		var cards struct {
			List []json.RawMessage `json:"cardList"`
		}
		if err := json.Unmarshal(get(t, n.addCardURL()), &cards); err != nil || len(cards.List) != 1 {
			t.Errorf("%s: no card", n.name)
			continue
		}
		if no := f.w.addCard(http.DefaultClient, cards.List[0]); no != "" {
			t.Errorf("%s: the phone refused its signature: %s", n.name, no)
		}
	}
}
