//go:build binary

package binarytest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// hook is the platform's own backend: it is notified, and answers messages.
type hook struct {
	*httptest.Server

	mu      sync.Mutex
	down    bool // it takes no notices
	tries   int  // to notify it
	notices []notice
	faults  []string
}

// notice is what the gateway tells of a merchant.
type notice struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	AppID   string `json:"app_id"`
	Missing []int  `json:"missing"`
}

func newHook(t *testing.T) *hook {
	t.Helper()
	h := new(hook)
	h.Server = httptest.NewServer(h)
	t.Cleanup(func() {
		h.Close()
		for _, fault := range h.faults {
			t.Error(fault)
		}
	})
	return h
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.URL.Path != "/notices" {
		if strings.HasPrefix(r.URL.Path, "/platform/messages/") && strings.Contains(string(body), "hello") {
			w.Header().Set("Content-Type", "text/xml")
			_, _ = io.WriteString(w, "<xml><ToUserName>"+r.Header.Get("X-Wechat-Openid")+"</ToUserName><MsgType>text</MsgType><Content>hello yourself</Content></xml>")
		}
		return
	}
	if h.tries++; h.down {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	mac := hmac.New(sha256.New, []byte(noticeKey))
	mac.Write([]byte(r.Header.Get("Webhook-Id") + "." + r.Header.Get("Webhook-Timestamp") + "."))
	mac.Write(body)
	var n notice
	switch want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); {
	case r.Header.Get("Webhook-Signature") != want:
		h.faults = append(h.faults, "a notice has a wrong signature")
	case json.Unmarshal(body, &n) != nil || n.ID == "" || n.ID != r.Header.Get("Webhook-Id"):
		h.faults = append(h.faults, "a notice is: "+string(body))
	default:
		h.notices = append(h.notices, n)
	}
}

// set has it take no notices, or take them again.
func (h *hook) set(down bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.down = down
}

func (h *hook) asked() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tries
}

// told counts the different notices of a type about a merchant, and gives the last.
func (h *hook) told(kind, appID string) (last notice, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var ids []string
	for _, one := range h.notices {
		if one.Type == kind && one.AppID == appID {
			last = one
			if !slices.Contains(ids, one.ID) {
				ids = append(ids, one.ID)
			}
		}
	}
	return last, len(ids)
}
