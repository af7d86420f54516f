package held

import (
	"iter"
	"maps"
	"net/http"
	"net/textproto"
	"strings"
)

// trailers are the values of announced trailers. Handlers set them behind the body, which is before the header where an answer
// is held: they stay out of it until it is sent.
type trailers http.Header

func takeTrailers(h http.Header) trailers {
	var taken trailers
	for name := range AnnouncedTrailers(h) {
		if values, ok := h[name]; ok {
			if taken == nil {
				taken = make(trailers)
			}
			taken[name] = values
			delete(h, name)
		}
	}
	return taken
}

func (t trailers) giveBack(h http.Header) { maps.Copy(h, t) }

// AnnouncedTrailers gives the names that the Trailer field lists, in canonical form.
func AnnouncedTrailers(h http.Header) iter.Seq[string] {
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
