package inject

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// kinds lists what of an account can be injected.
var kinds = [...]credential.Kind{credential.AccessToken, credential.APITicket, credential.JSAPITicket}

// wanted is a credential of the account, or of one of its mini programs.
type wanted struct {
	kind      credential.Kind
	ofProgram bool
	program   string // its app_id; "": the account's first
}

// readWanted reads `access_token`, `api_ticket`, `jsapi_ticket` or `access_token of mini_program [<app_id>]`.
func readWanted(text string) (want wanted, err error) {
	words := strings.Split(text, " ")
	want.kind = credential.Kind(words[0])
	switch {
	case len(words) == 1 && slices.Contains(kinds[:], want.kind):
		return want, nil
	case len(words) >= 3 && len(words) <= 4 && want.kind == credential.AccessToken && words[1] == "of" && words[2] == "mini_program":
		want.ofProgram = true
		if len(words) == 4 {
			want.program = words[3]
		}
		if len(words) == 3 || want.program != "" {
			return want, nil
		}
	}
	return want, fmt.Errorf("unknown credential %q: it is access_token, api_ticket, jsapi_ticket or access_token of mini_program [<app_id>]", text)
}
