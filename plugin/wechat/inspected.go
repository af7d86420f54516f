package wechat

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
)

// maxInspected bounds the answers in which an errcode is looked for.
const maxInspected = 64 << 10

// mayBeJSON tells by its header whether an answer can be one with an errcode.
// WeChat sends its JSON as text/plain, too.
func mayBeJSON(resp *http.Response) bool {
	if resp.ContentLength == 0 || resp.ContentLength > maxInspected || resp.Uncompressed || resp.Header["Content-Encoding"] != nil ||
		resp.Request != nil && resp.Request.Method == http.MethodHead {
		return false
	}
	typ := strings.ToLower(resp.Header.Get("Content-Type"))
	return typ == "" || strings.Contains(typ, "json") || strings.HasPrefix(typ, "text/plain")
}

// inspected is the body of an answer whose beginning has been read.
type inspected struct {
	data  []byte // what is left of the beginning
	ended bool   // there is nothing behind it
	whole bool   // the same, and it is to be looked at
	rest  io.ReadCloser
}

// firstRead is how many bytes are made room for at first: most answers are shorter, and longer ones often say at once
// that all is well.
const firstRead = 2 << 10

// fill reads the rest to its end, unless it turns out to be longer than
// maxInspected, no JSON object, or one that says at once that all is well.
// length is its length, -1 if that is unknown.
func (b *inspected) fill(length int64) error {
	room := firstRead
	if length >= 0 {
		room = min(room, int(length)+1) // one more, so that the end is seen
	}
	b.data = make([]byte, 0, room)
	for len(b.data) <= maxInspected {
		if len(b.data) == cap(b.data) {
			b.data = slices.Grow(b.data, len(b.data))
		}
		n, err := b.rest.Read(b.data[len(b.data):min(cap(b.data), maxInspected+1)])
		if err != nil && err != io.EOF {
			return err
		}
		b.data, b.ended = b.data[:len(b.data)+n], err == io.EOF
		start := bytes.TrimLeft(b.data, jsonSpace)
		switch {
		case len(start) > 0 && start[0] != '{', beginsWell(start):
			return nil
		case err != nil:
			b.whole = len(b.data) <= maxInspected
			return nil
		}
	}
	return nil
}

// mayBeObject tells whether the beginning is that of a JSON object, or all of one.
func (b *inspected) mayBeObject() bool {
	if b.whole {
		return isObject(b.data)
	}
	return beginsObject(bytes.TrimPrefix(b.data, []byte("\xEF\xBB\xBF")))
}

// Read implements io.Reader.
func (b *inspected) Read(p []byte) (int, error) {
	switch {
	case len(b.data) > 0:
		n := copy(p, b.data)
		if b.data = b.data[n:]; b.ended && len(b.data) == 0 {
			return n, io.EOF // at once: who copies it need not come again
		}
		return n, nil
	case b.ended:
		return 0, io.EOF
	}
	return b.rest.Read(p)
}

// Close implements io.Closer.
func (b *inspected) Close() error { return b.rest.Close() }

// errcodeOf finds the errcode of an answer; 0: there is none, or all is well.
func errcodeOf(data []byte) (code int, msg string) {
	if !namesErrcode(data) {
		return 0, ""
	}
	code, msg, err := decodeAnswer(data, &struct{}{})
	if err != nil {
		return 0, ""
	}
	return code, msg
}

var errcodeKey = []byte(`"errcode"`)

// beginsWell tells whether an object begins with an errcode of 0, which is
// where WeChat puts it.
func beginsWell(object []byte) bool {
	object = bytes.TrimLeft(object[min(1, len(object)):], jsonSpace)
	after, found := bytes.CutPrefix(object, errcodeKey)
	return found && isZero(after)
}

// namesErrcode tells, faster than parsing could, whether data may hold an
// errcode other than 0.
func namesErrcode(data []byte) bool {
	for {
		_, after, found := bytes.Cut(data, errcodeKey)
		if !found {
			return false
		}
		if !isZero(after) {
			return true
		}
		data = after
	}
}

// isZero tells whether what follows a name is a 0.
func isZero(after []byte) bool {
	after, found := bytes.CutPrefix(bytes.TrimLeft(after, jsonSpace), []byte(":"))
	if !found {
		return false
	}
	after = bytes.TrimLeft(after, jsonSpace)
	return len(after) > 1 && after[0] == '0' && strings.ContainsRune(",}"+jsonSpace, rune(after[1]))
}
