package push_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/admin"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/command/commandtest"
)

const (
	first  = "3f1c9a0e5b7d2846c8e01f93a6d4b752"
	second = "00000000000000000000000000000002"
)

// newAdmin is an admin API that answers as it is told, and remembers what it was asked.
func newAdmin(t *testing.T, status int, answer any) (address string, asked *string) {
	t.Helper()
	asked = new(string)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*asked = r.Method + " " + r.URL.Path + " " + string(body)
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(api.Close)
	return strings.TrimPrefix(api.URL, "http://"), asked
}

func TestList(t *testing.T) {
	list := []map[string]any{
		{"id": first, "account": "default", "event": "user_get_card", "card_id": "p1", "time": "2026-11-29T00:15:02Z", "tries": 3, "last_status": 500},
		{"id": second, "account": "tea", "event": "", "card_id": "\x1b[2Jp2", "time": "2026-11-29T00:15:03Z", "tries": 1, "last_status": 0},
	}
	address, asked := newAdmin(t, http.StatusOK, list)
	r := commandtest.Run(t, "", "push", "list", "--address", address)
	commandtest.Want(t, r, true, first, "user_get_card", "p1", " 3 ", "500", second, "tea", "–")
	if *asked != "GET "+admin.PushesPath+" " || strings.Contains(r.Stdout, "\x1b") || strings.Count(r.Stdout, "\n") != 3 {
		t.Errorf("asked %s, printed %q", *asked, r.Stdout)
	}
	r = commandtest.Run(t, "", "push", "list", "--json", "--address", address)
	var got []map[string]any
	if err := json.Unmarshal([]byte(r.Stdout), &got); err != nil || len(got) != 2 || fmt.Sprint(got[0]["tries"]) != "3" || r.Err != nil {
		t.Errorf("%v: got %s%v", err, r.Stdout, r.Err)
	}

	address, _ = newAdmin(t, http.StatusOK, []int{})
	commandtest.Want(t, commandtest.Run(t, "", "push", "list", "--address", address), true, "no message is kept")
	commandtest.Want(t, commandtest.Run(t, "", "push", "list", "--json", "--address", address), true, "[]")
	address, _ = newAdmin(t, http.StatusBadGateway, map[string]string{"error": "account default: the store is down"})
	commandtest.Want(t, commandtest.Run(t, "", "push", "list", "--address", address), false)
	commandtest.Want(t, commandtest.Run(t, "", "push", "list", "--address", "127.0.0.1:1"), false)
}

func TestReplay(t *testing.T) {
	good := admin.ReplayedPush{ID: first, Account: "default", Accepted: true}
	bad := admin.ReplayedPush{ID: second, Error: "no such message is kept"}
	address, asked := newAdmin(t, http.StatusOK, admin.Replayed{Pushes: []admin.ReplayedPush{good}})
	commandtest.Want(t, commandtest.Run(t, "", "push", "replay", first, "--address", address), true, "✓", first, "accepted")
	if want := "POST " + admin.ReplayPath + ` {"ids":["` + first + `"]}`; *asked != want {
		t.Errorf("asked %s, want %s", *asked, want)
	}
	commandtest.Run(t, "", "push", "replay", "--all", "--address", address)
	if want := "POST " + admin.ReplayPath + ` {"all":true}`; *asked != want {
		t.Errorf("asked %s, want %s", *asked, want)
	}

	address, _ = newAdmin(t, http.StatusBadGateway, admin.Replayed{Error: second + ": no such", Pushes: []admin.ReplayedPush{good, bad}})
	r := commandtest.Run(t, "", "push", "replay", first, second, "--address", address)
	commandtest.Want(t, r, false, "✓", "✗", "no such message is kept")
	if r.Usage {
		t.Error("it says that it was called wrongly")
	}
	address, _ = newAdmin(t, http.StatusOK, admin.Replayed{Pushes: []admin.ReplayedPush{}})
	commandtest.Want(t, commandtest.Run(t, "", "push", "replay", "--all", "--address", address), true, "no message is kept")
	address, _ = newAdmin(t, http.StatusBadRequest, map[string]string{"error": "reading the request"})
	commandtest.Want(t, commandtest.Run(t, "", "push", "replay", "--all", "--address", address), false)

	for _, args := range [][]string{{"push"}, {"push", "replay"}, {"push", "replay", first, "--all"}, {"push", "list", first}, {"push", "replay", "--every"}, {"push", "show"}} {
		if r := commandtest.Run(t, "", args...); !r.Usage {
			t.Errorf("%v: got %v %s%s", args, r.Err, r.Stdout, r.Stderr)
		}
	}
}
