package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

const controlPrefix = "/_sandbox/"

// serveControl answers below /_sandbox/, to clients on this machine only.
func (s *Sandbox) serveControl(w http.ResponseWriter, r *http.Request) {
	if !isLoopback(r.RemoteAddr) {
		controlError(w, http.StatusForbidden, "the sandbox is controlled from the same machine only")
		return
	}
	name := strings.TrimPrefix(r.URL.Path, controlPrefix)
	if file, isPage := strings.CutPrefix(name, pagePrefix); isPage {
		servePage(w, r, file)
		return
	}
	if foreign(r) {
		controlError(w, http.StatusForbidden, "of what browsers load, only the sandbox's own page at localhost may control it")
		return
	}
	method := http.MethodPost
	if name == "calls" || name == "events" {
		method = http.MethodGet
	}
	if r.Method != method {
		w.Header().Set("Allow", method)
		controlError(w, http.StatusMethodNotAllowed, "want "+method)
		return
	}
	if name == "events" {
		s.serveEvents(w, r)
		return
	}
	if call, isPhone := strings.CutPrefix(name, "phone/"); isPhone {
		s.servePhone(w, r, call)
		return
	}
	var found *inspection
	run, known := map[string]func([]byte) error{
		"faults": s.controlFaults, "revoke": s.controlRevoke, "cards": s.controlCards, "review": s.controlReview,
		"heal":   s.controlHeal,
		"verify": func(body []byte) (err error) { found, err = s.inspect(body); return err },
		"reset":  func([]byte) error { s.Reset(); return nil },
		"calls":  func([]byte) error { return nil },
	}[name]
	if !known {
		controlError(w, http.StatusNotFound, "no such control")
		return
	}
	body, err := readBody(w, r)
	if err == nil {
		err = run(body)
	}
	switch {
	case err != nil:
		controlError(w, http.StatusBadRequest, err.Error())
	case name == "calls":
		writeJSON(w, http.StatusOK, s.Calls())
	case name == "verify":
		writeJSON(w, http.StatusOK, found)
	default:
		writeJSON(w, http.StatusOK, map[string]bool{"ok": true})
	}
}

// isLoopback says whether a connection comes from this machine.
func isLoopback(remoteAddr string) bool {
	host, _, err := net.SplitHostPort(remoteAddr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

func controlError(w http.ResponseWriter, code int, text string) {
	writeJSON(w, code, map[string]string{"error": text})
}

// Calls counts the calls of the API since the last Reset, by path; those that went wrong too.
func (s *Sandbox) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

// decodeControl reads a control's body strictly: a slip shall not look like a fault that never comes.
func decodeControl(body []byte, v any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("reading the body: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON")
	}
	return nil
}

// controlFaults takes one fault or a list.
func (s *Sandbox) controlFaults(body []byte) error {
	type jsonFault struct {
		Path    string  `json:"path"`
		Times   int     `json:"times"`
		ErrCode int     `json:"errcode"`
		ErrMsg  string  `json:"errmsg"`
		Status  int     `json:"status"`
		Delay   string  `json:"delay"`
		Drop    bool    `json:"drop"`
		Body    *string `json:"body"`
		Execute bool    `json:"execute"`
	}
	list := []jsonFault{{}}
	var to any = &list[0]
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) {
		to = &list
	}
	if err := decodeControl(body, to); err != nil {
		return err
	}
	faults := make([]Fault, 0, len(list))
	for i, f := range list {
		var delay time.Duration
		if f.Delay != "" {
			var err error
			if delay, err = time.ParseDuration(f.Delay); err != nil {
				return fmt.Errorf("fault %d: delay: %w", i, err)
			}
		}
		faults = append(faults, Fault{f.Path, f.Times, f.ErrCode, f.ErrMsg, f.Status, delay, f.Drop, f.Body, f.Execute})
	}
	return s.Fail(faults...)
}

// Revocation says which credentials end.
type Revocation struct {
	// AppID whose; "": everybody's.
	AppID string `json:"app_id"`
	// Kind of credential: access_token (also ""), api_ticket or jsapi_ticket.
	Kind string `json:"kind"`
	// Sticky: stable_token in normal mode goes on giving the dead token, until a forced refresh or its own rotation.
	Sticky bool `json:"sticky"`
}

// Revoke ends credentials at once, as if somebody else had renewed them: 40001 from then on; and 签名错误 for tickets.
func (s *Sandbox) Revoke(rev Revocation) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	kind := map[string]string{"api_ticket": cardTicket, "jsapi_ticket": jsapiTicket}[rev.Kind]
	if kind == "" && rev.Kind != "" && rev.Kind != "access_token" {
		return errors.New("kind must be access_token, api_ticket or jsapi_ticket")
	}
	if kind == "" {
		for _, t := range s.tokens.Values() {
			if rev.AppID == "" || t.app.id == rev.AppID {
				t.endBy(now)
			}
		}
	}
	for _, a := range s.apps.Values() {
		if rev.AppID != "" && a.id != rev.AppID {
			continue
		}
		if kind == "" {
			a.sticky = rev.Sticky
			continue
		}
		for _, t := range a.tickets[kind] {
			if t.live(now) {
				t.expires = now
			}
		}
	}
	return nil
}

func (s *Sandbox) controlRevoke(body []byte) error {
	var rev Revocation
	if err := decodeControl(body, &rev); err != nil {
		return err
	}
	return s.Revoke(rev)
}

// controlCards is PutCard.
func (s *Sandbox) controlCards(body []byte) error {
	var req struct {
		AppID  string          `json:"app_id"`
		CardID string          `json:"card_id"`
		Card   json.RawMessage `json:"card"`
	}
	if err := decodeControl(body, &req); err != nil {
		return err
	}
	return s.PutCard(req.AppID, req.CardID, string(req.Card))
}

// controlReview ends the review of a card, or of all that wait.
func (s *Sandbox) controlReview(body []byte) error {
	req := struct {
		CardID string `json:"card_id"`
		Pass   bool   `json:"pass"`
	}{Pass: true}
	if err := decodeControl(body, &req); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.cards.Values() {
		switch {
		case c.status != statusInReview || req.CardID != "" && c.id != req.CardID:
		case req.Pass:
			c.status = statusApproved
		default:
			c.status = statusRefused
		}
	}
	return nil
}
