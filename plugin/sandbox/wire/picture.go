package wire

import (
	"net/http"
	"strconv"
)

// Picture is an answer that is no JSON: a PNG.
type Picture []byte

// Write answers v with status 200: a Picture as it is, all else as JSON.
func Write(w http.ResponseWriter, v any) {
	picture, isPicture := v.(Picture)
	if !isPicture {
		WriteJSON(w, http.StatusOK, v)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Length", strconv.Itoa(len(picture)))
	_, _ = w.Write(picture) // the client may be gone
}
