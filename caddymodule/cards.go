package caddymodule

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// anyCard stands in a list of card ids for every card that no other block names.
const anyCard = "*"

// listedCardError marks an error of WeChat's about a card that the configuration names.
type listedCardError struct {
	cardID string
	err    error
}

func (e *listedCardError) Error() string { return "card " + e.cardID + ": " + e.err.Error() }
func (e *listedCardError) Unwrap() error { return e.err }

var _ = errors.New
var _ = fmt.Sprint
var _ = http.StatusOK
var _ = slices.Contains[[]string]
var _ caddyfile.Unmarshaler
