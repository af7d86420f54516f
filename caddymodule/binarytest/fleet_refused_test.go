//go:build binary && unix

package binarytest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestFleetQuota45009: the day's quota of tickets is used up.
func TestFleetQuota45009(t *testing.T) {
	eachStore(t, func(t *testing.T, store string) {
		now := time.Now().UTC()
		if midnight := now.Truncate(24 * time.Hour).Add(16 * time.Hour); midnight.Sub(now).Abs() < 5*time.Minute {
			t.Skip("it is about midnight in China, when quotas start afresh")
		}
		f := newFleet(t, store, 60*time.Second)
		f.startWarm()
		tr := f.run(f.nodes...)
		had := f.ticketCalls()
		f.fault(`{"path":"` + ticketPath + `","errcode":45009}`)
		f.sleep(f.life * 95 / 100)
		if n := tr.refused(); n > 0 {
			t.Errorf("%d answers were 503 before the old ticket had ended", n)
		}
		f.sleep(f.life / 5)
		tr.end()
		for _, n := range f.nodes {
			status, header, body, _ := answer(t.Context(), http.DefaultClient, n.addCardURL())
			wait, _ := strconv.Atoi(header.Get("Retry-After"))
			if status != http.StatusServiceUnavailable || wait < 20*60 || !bytes.Contains(body, []byte("45009")) {
				t.Errorf("%s: answered %d with Retry-After %d: %s", n.name, status, wait, body)
			}
		}
		// With a life of a minute a process waits a third of a second for another's lock, and then asks without it.
		probed := f.ticketCalls()
		if probed < had+1 || probed > had+2 {
			t.Errorf("WeChat saw %d ticket calls behind the first %d, want one probe", probed-had, had)
		}
		for _, n := range f.nodes {
			n.stop(t)
		}
		f.start(f.nodes...)
		for _, n := range f.nodes {
			if status, _, _, _ := answer(t.Context(), http.DefaultClient, n.addCardURL()); status != http.StatusServiceUnavailable {
				t.Errorf("%s: answered %d after a restart, want 503", n.name, status)
			}
		}
		if n := f.ticketCalls(); n != probed {
			t.Errorf("WeChat saw %d ticket calls after a restart, want no more", n-probed)
		}

		// The operator has cleared the quota and says so.
		if resp, err := http.Post(f.w.url+"/_sandbox/reset", "", nil); err == nil {
			resp.Body.Close()
		}
		f.nodes[1].refresh(t)
		f.serveWithin(5 * time.Second)
		f.wantGood(t, f.nodes...)
		if n := f.ticketCalls(); n != 1 {
			t.Errorf("WeChat saw %d ticket calls since its quota was cleared, want 1", n)
		}
	})
}

// TestFleetBadSecret: WeChat does not accept the app secret (40125), or has frozen it (40243).
func TestFleetBadSecret(t *testing.T) {
	t.Parallel()
	for code, hint := range map[int]string{40125: "app secret is wrong", 40243: "app secret is frozen"} {
		for _, store := range []string{onFiles, onRedis} {
			t.Run(fmt.Sprint(code, " ", store), func(t *testing.T) {
				t.Parallel()
				f := newFleet(t, store, 30*time.Second)
				f.startWarm()
				tr := f.run(f.nodes...)
				f.fault(fmt.Sprintf(`{"path":%q,"errcode":%d}`, tokenPath, code))
				began := time.Now()
				f.sleep(f.life * 9 / 10)
				if n := tr.refused(); n > 0 {
					t.Errorf("%d answers were 503 before the old ticket had ended", n)
				}
				f.sleep(f.life * 12 / 10) // the ticket may have been renewed with the old token
				if tr.refused() == 0 {
					t.Error("no answer was 503")
				}
				tr.end()
				if n, most := f.tokenCalls()-1, int(time.Since(began).Minutes())+1; n > most {
					t.Errorf("WeChat saw %d token calls, want at most %d", n, most)
				}
				var logs, states string
				for _, n := range f.nodes {
					logs += n.log.String()
					_, lastError := n.status(t, "access_token")
					states += lastError
					status, _, body, _ := answer(t.Context(), http.DefaultClient, n.addCardURL())
					if status != http.StatusServiceUnavailable || !bytes.Contains(body, strconv.AppendInt(nil, int64(code), 10)) {
						t.Errorf("%s: answered %d: %s", n.name, status, body)
					}
				}
				if !strings.Contains(logs, hint) {
					t.Errorf("no log says that the %s", hint)
				}
				if !strings.Contains(states, hint) {
					t.Errorf("no status says that the %s: %s", hint, states)
				}
			})
		}
	}
}

// TestFleetIPRefusedAtOneNode: one node's address is not in WeChat's white list.
func TestFleetIPRefusedAtOneNode(t *testing.T) {
	eachStore(t, func(t *testing.T, store string) {
		f := newFleet(t, store, 40*time.Second)
		barred := f.nodes[0]
		barred.way.set(wayForbidden)
		began := time.Now()
		f.start(barred)
		if status, _, body, _ := answer(t.Context(), http.DefaultClient, barred.addCardURL()); status != http.StatusServiceUnavailable {
			t.Errorf("the first node answered %d: %s", status, body)
		}
		f.start(f.others(barred)...)
		f.serveWithin(5 * time.Second)
		tr := f.run(f.nodes...)
		f.sleep(f.life * 2)
		tr.endAllGood()
		calls, most := barred.way.total(), int(time.Since(began).Minutes())+1
		if calls > most {
			t.Errorf("the node has called WeChat %d times, want at most %d", calls, most)
		}
		wantLog(t, refusedIP, barred)
		_, token := barred.status(t, "access_token")
		_, ticket := barred.status(t, "api_ticket")
		if !strings.Contains(token+ticket, refusedIP) {
			t.Errorf("status names no refused address: %s %s", token, ticket)
		}
		t.Logf("the node's calls: %d", calls)
	})
}

// TestFleetTokenRevokedUnderLoad: the token is revoked, and then 200 codes are decrypted at once on three processes.
func TestFleetTokenRevokedUnderLoad(t *testing.T) {
	eachStore(t, func(t *testing.T, store string) {
		f := newFleet(t, store, hour)
		f.startWarm()
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 200}}
		defer client.CloseIdleConnections()
		const decrypts = 200
		codes := make([]string, decrypts)
		for i := range codes {
			codes[i] = f.encryptedCode(t)
		}
		tr := f.run(f.nodes...)
		if resp, err := http.Post(f.w.url+"/_sandbox/revoke", "application/json", strings.NewReader(`{}`)); err != nil {
			t.Error(err)
		} else {
			resp.Body.Close()
		}
		var wg sync.WaitGroup
		for i, code := range codes {
			wg.Go(func() {
				n := f.nodes[i%len(f.nodes)]
				status, _, body, err := answer(t.Context(), client,
					"http://127.0.0.1:"+n.port+"/openCard?card_id=pCard&code="+url.QueryEscape(code))
				if status != http.StatusOK {
					t.Errorf("%s: answered %d: %s (%v)", n.name, status, body, err)
				}
			})
		}
		wg.Wait()
		tr.endAllGood()
		f.wantCalls(2, 1)
	})
}

// encryptedCode adds a card at the phone and gives its encrypted code.
func (f *fleet) encryptedCode(t *testing.T) string {
	t.Helper()
	cards := get(t, f.nodes[0].addCardURL())
	resp, err := http.Post(f.w.url+"/_sandbox/phone/addCard", "application/json", bytes.NewReader(cards))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var added struct {
		List []struct {
			Code string `json:"code"`
		} `json:"cardList"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&added); err != nil || len(added.List) != 1 {
		t.Fatalf("the phone gave no code: %v", err)
	}
	return added.List[0].Code
}
