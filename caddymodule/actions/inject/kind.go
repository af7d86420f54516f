package inject

import (
	"fmt"
	"slices"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// kinds lists what can be injected.
var kinds = [...]credential.Kind{credential.AccessToken, credential.APITicket, credential.JSAPITicket}

func checkKind(kind credential.Kind) error {
	if !slices.Contains(kinds[:], kind) {
		return fmt.Errorf("unknown credential %q: it is access_token, api_ticket or jsapi_ticket", kind)
	}
	return nil
}
