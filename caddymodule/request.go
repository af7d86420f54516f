package caddymodule

import (
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"
)

// maxBody is how many bytes a request body may have.
const maxBody = 64 << 10

// answeringMethods are those of all the actions that answer with JSON.
var answeringMethods = []string{http.MethodGet, http.MethodHead, http.MethodPost}

// shape says what a request to an action may hold.
type shape struct {
	fields   fieldSet // that have a meaning; others are ignored
	idList   bool     // card_id may be several
	cards    bool     // JSON may have cards, each with its fields
	cardList bool     // the same as wx.addCard and wx.chooseCard give it
	max      int      // cards; 0: card_id has no meaning
}

// cardsRequest is what a client asks for: cards, each with its fields.
type cardsRequest struct {
	ids    []string // empty: the client named no card
	shared texts    // the fields of all cards
	own    []texts  // if not empty, those of each card instead
}

// texts gives the fields of card i.
func (q *cardsRequest) texts(i int) *texts {
	if len(q.own) > 0 {
		return &q.own[i]
	}
	return &q.shared
}

// reset forgets everything but the memory.
func (q *cardsRequest) reset() {
	clear(q.ids)
	clear(q.own)
	q.ids, q.own, q.shared = q.ids[:0], q.own[:0], texts{}
}

// add adds a card. Its fields are given if they are its own.
func (q *cardsRequest) add(sh *shape, id string, own *texts) error {
	if len(q.ids) >= sh.max {
		return invalid("card_id: more cards than %d", sh.max)
	}
	q.ids = append(q.ids, id)
	if own != nil {
		q.own = append(q.own, *own)
	}
	return nil
}

// read fills q from the query of a GET or HEAD request, or from the body of a POST.
func (q *cardsRequest) read(r *http.Request, sh *shape) error {
	if r.Method != http.MethodPost {
		return q.readPairs(r.URL.RawQuery, sh, false)
	}
	body, err := readBody(r)
	if err != nil || len(body) == 0 {
		return err
	}
	mediaType, err := mediaTypeOf(r.Header)
	if err != nil {
		return err
	}
	switch mediaType {
	case "application/json":
		if !utf8.Valid(body) {
			return brokenJSON(body)
		}
		return q.readJSON(body, sh)
	case "application/x-www-form-urlencoded":
		return q.readPairs(string(body), sh, true)
	}
	return unsupportedMediaType("the body must be application/json or application/x-www-form-urlencoded")
}

// unsupportedMediaType is the 415.
func unsupportedMediaType(format string) *Problem {
	return problemf(http.StatusUnsupportedMediaType, reasonUnsupportedMediaType, format)
}

// readBody reads a body of at most maxBody bytes.
func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil || r.ContentLength == 0 {
		return nil, nil
	}
	if r.ContentLength > maxBody {
		return nil, bodyTooLarge()
	}
	var body []byte
	var err error
	if r.ContentLength > 0 {
		body = make([]byte, r.ContentLength)
		_, err = io.ReadFull(r.Body, body)
	} else {
		body, err = io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	}
	if err != nil {
		return nil, unreadable(err)
	}
	if len(body) > maxBody {
		return nil, bodyTooLarge()
	}
	return body, nil
}

func bodyTooLarge() *Problem {
	return problemf(http.StatusRequestEntityTooLarge, reasonBodyTooLarge, "the body has more than %d bytes", maxBody)
}

// mediaTypeOf gives the type of the body, which must be UTF-8 and not compressed.
func mediaTypeOf(h http.Header) (string, error) {
	values := h["Content-Type"]
	if len(values) == 1 && values[0] == "application/json" && h["Content-Encoding"] == nil {
		return values[0], nil
	}
	if len(values) != 1 {
		return "", unsupportedMediaType("there must be one Content-Type")
	}
	if encoding := h.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return "", unsupportedMediaType("the body must not be compressed")
	}
	mediaType, params, err := mime.ParseMediaType(values[0])
	if err != nil {
		return "", unsupportedMediaType("the Content-Type is malformed")
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "utf8") {
		return "", unsupportedMediaType("the body must be UTF-8")
	}
	return mediaType, nil
}
