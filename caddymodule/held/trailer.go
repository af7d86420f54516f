package held

import (
	"iter"
	"maps"
	"net/http"
	"net/textproto"
	"strings"
)

// trailers are values of fields that are announced as trailers. Handlers set them behind the body, which is before the header
// where an answer is held: they stay out of it until it is sent. What the header had under such a name before stays in it.
type trailers http.Header

// announced gives what the header has of announced trailers.
func announced(h http.Header) trailers {
	var found trailers
	for name := range announcedNames(h) {
		if values, ok := h[name]; ok {
			if found == nil {
				found = make(trailers)
			}
			found[name] = values
		}
	}
	return found
}

// take takes them out of the header, and puts back what it had before.
func (t trailers) take(h http.Header, before trailers) {
	for name := range t {
		if values, ok := before[name]; ok {
			h[name] = values
		} else {
			delete(h, name)
		}
	}
}

func (t trailers) giveBack(h http.Header) { maps.Copy(h, t) }

// DropTrailers removes the trailers of an answer that is held, and says of none that it comes.
func (w *Writer) DropTrailers() {
	h := w.Header()
	announced(h).take(h, w.before)
	for name := range h {
		if name == "Trailer" || strings.HasPrefix(name, http.TrailerPrefix) {
			delete(h, name)
		}
	}
}

// announcedNames gives the names that the Trailer field lists, in canonical form.
func announcedNames(h http.Header) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, value := range h["Trailer"] {
			for name := range strings.SplitSeq(value, ",") {
				if !yield(textproto.CanonicalMIMEHeaderKey(textproto.TrimString(name))) {
					return
				}
			}
		}
	}
}
