package handler

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem/problemtest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

// TestStrangersAreLoggedAtAPace has a stranger ask a hundred times a second, and looks that his refusals neither fill the log nor
// hide another's.
func TestStrangersAreLoggedAtAPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.WarnLevel)
		h := &Handler{logger: zap.New(core), strangers: new(paced)}
		refuse := func(reason, format string, args ...any) {
			w, r := problemtest.Prepare(t, http.MethodGet)
			if err := h.fail(w, r, nil, problem.Newf(http.StatusForbidden, reason, format, args...)); err != nil || w.Code != http.StatusForbidden {
				t.Fatalf("got %d, %v", w.Code, err)
			}
		}
		counts := func() (lines map[string]int, all map[string]int64) {
			lines, all = make(map[string]int), make(map[string]int64)
			for _, e := range logs.TakeAll() {
				kind := e.ContextMap()["detail"].(string)
				lines[kind]++
				all[kind] += e.ContextMap()["count"].(int64)
			}
			return lines, all
		}

		const seconds = 5
		for i := range 100 * seconds {
			refuse(problem.ReasonClientNotAllowed, "the stranger")
			if i%100 == 50 {
				refuse(problem.ReasonPathNotAllowed, "the path")
				refuse(problem.ReasonClientNotAllowed, "the browser")
			}
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(2 * time.Second)
		lines, all := counts()
		if all["the stranger"] != 100*seconds || lines["the stranger"] < seconds || lines["the stranger"] > seconds+1 {
			t.Errorf("got %d lines that stand for %d", lines["the stranger"], all["the stranger"])
		}
		for _, kind := range []string{"the path", "the browser"} {
			if all[kind] != seconds || lines[kind] > seconds {
				t.Errorf("%s: got %d lines that stand for %d", kind, lines[kind], all[kind])
			}
		}

		// whatever clients write, it is the same reason
		for i := range 1000 {
			refuse(problem.ReasonPathNotAllowed, "the path %d is none", i)
		}
		if n := logs.Len(); n != 1 {
			t.Errorf("got %d lines at once", n)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		entries := logs.TakeAll()
		if len(entries) != 2 || entries[1].ContextMap()["count"] != int64(999) || entries[1].ContextMap()["detail"] != "the path 999 is none" {
			t.Errorf("got %v", entries)
		}
		time.Sleep(2 * time.Second)

		// what no stranger causes is logged each time
		for range 10 {
			refuse(problem.ReasonCredentialUnavailable, "there is none")
		}
		if n := logs.Len(); n != 10 {
			t.Errorf("got %d lines", n)
		}
	})
}
