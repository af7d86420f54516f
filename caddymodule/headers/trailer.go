package headers

import (
	"io"
	"net/http"
)

// trailerFilter is a request body that removes forged fields from the request's trailers:
// net/http puts them into the map when the body ends.
type trailerFilter struct {
	io.ReadCloser
	trailer http.Header
	fields  []Field
}
