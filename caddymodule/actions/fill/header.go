package fill

import (
	"net/http"
	"strings"
)

// validatorFields say something of a body that is true of no other: fields of the answer, or of its trailers.
var validatorFields = [...]string{"Etag", "Last-Modified", "Digest", "Content-Digest", "Repr-Digest", "Content-Md5", "Accept-Ranges"}

// cachingFields let a cache keep an answer whatever Cache-Control says: a signed card works once, and for nobody else.
var cachingFields = [...]string{
	"Age", "Expires", "Surrogate-Control", "Cdn-Cache-Control", "Cloudflare-Cdn-Cache-Control", "X-Accel-Expires",
}

func dropValidators(h http.Header) {
	for _, name := range validatorFields {
		delete(h, name)
		delete(h, http.TrailerPrefix+name)
	}
}

func dropCaching(h http.Header) {
	for _, name := range cachingFields {
		delete(h, name)
	}
}

// dropEntity removes what the header says of a body, when another one takes its place that has nothing to do with it. What
// it says to the client otherwise, in cookies and CORS headers, stays.
func dropEntity(h http.Header) {
	dropValidators(h)
	dropCaching(h)
	for _, name := range [...]string{
		"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length", "Content-Location",
		"Content-Type", "Location",
	} {
		delete(h, name)
	}
}

// hasTrailers tells whether anything is to be sent behind the body.
func hasTrailers(h http.Header) bool {
	if len(h["Trailer"]) > 0 {
		return true
	}
	for name := range h {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			return true
		}
	}
	return false
}
