package relay

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/keys"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/problem"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/secure"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"go.uber.org/zap"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// Secure is API 安全 (服务端 API 签名与加密) of a mini program that has switched it on.
type Secure struct {
	keys.Keys

	// The paths whose calls are sealed: exact, or ending in `/*`. They have to be among `allow`, too, and none is `/card/*` or
	// `/cgi-bin/ticket/getticket`, which want an official account's access_token. Letter case says nothing. Their calls are POSTs with a JSON
	// object, of at most 2 MiB, or with nothing for a body. Default: those that WeChat marks with 支持加密请求 and that answer JSON:
	// `/wxa/business/getuserphonenumber`, `/wxa/business/checkencryptedmsg`, `/wxa/getuserriskrank`, `/wxa/getpluginopenpid`,
	// `/wxa/msg_sec_check`, `/wxa/media_check_async`, `/cgi-bin/message/custom/send`, `/cgi-bin/message/wxopen/updatablemsg/send`,
	// `/wxaapi/newtmpl/addtemplate`, `/wxaapi/newtmpl/deltemplate`, `/cgi-bin/clear_quota`, `/cgi-bin/openapi/quota/get`,
	// `/cgi-bin/openapi/rid/get`, `/datacube/*`, `/cgi-bin/express/intracity/*`.
	Paths []string `json:"paths,omitempty"`

	// Whether calls have the header `Wechatmp-Serial` with the number of the private key, which WeChat's page does not list but its
	// errcode 40230 asks for. Default: false.
	SendNumber bool `json:"send_number,omitempty"`

	keys    *secure.Keys
	paths   pathSet           // in small letters
	written []caddyfile.Token // Paths, in the Caddyfile that is being read
}

// securedPaths are the default of Paths. Not among them: what answers a picture (getwxacode, getwxacodeunlimit, createwxaqrcode), for
// nobody says how one is sealed; what is called by GET (getuserencryptkey); and where sources disagree (message/subscribe/send).
var securedPaths = []string{
	"/wxa/business/getuserphonenumber", "/wxa/business/checkencryptedmsg", "/wxa/getuserriskrank", "/wxa/getpluginopenpid",
	"/wxa/msg_sec_check", "/wxa/media_check_async", "/cgi-bin/message/custom/send", "/cgi-bin/message/wxopen/updatablemsg/send",
	"/wxaapi/newtmpl/addtemplate", "/wxaapi/newtmpl/deltemplate", "/cgi-bin/clear_quota", "/cgi-bin/openapi/quota/get",
	"/cgi-bin/openapi/rid/get", "/datacube/*", "/cgi-bin/express/intracity/*",
}

// provision checks the configuration.
func (s *Secure) provision(logger *zap.Logger) error {
	if literal := s.LiteralSecrets(); len(literal) > 0 {
		logger.Warn(words.LiteralSecrets, zap.Strings("secrets", literal))
	}
	cfg, err := s.Expand()
	if err != nil {
		return err
	}
	cfg.SendNumber = s.SendNumber
	if s.keys, err = s.New(cfg); err != nil {
		return err
	}
	paths := s.Paths
	if len(paths) == 0 {
		paths = securedPaths
	}
	if _, err = newSecuredPaths(paths); err != nil {
		return err
	}
	small := make([]string, len(paths))
	for i, path := range paths {
		small[i] = strings.ToLower(path)
	}
	slices.Sort(small)
	s.paths, err = newPathSet("paths", slices.Compact(small), false)
	return err
}

// newSecuredPaths reads the values of `paths`.
func newSecuredPaths(paths []string) (pathSet, error) {
	for _, path := range paths {
		if ownTokens.find(path) != "" {
			return pathSet{}, fmt.Errorf("paths: calls of %s go as they are, for they have tokens of their own", path)
		}
		if wechat.MiniProgram.CheckPath(path) != nil {
			return pathSet{}, fmt.Errorf("paths: calls of %s are refused, for they want an official account's access_token", path)
		}
	}
	return newPathSet("paths", paths, false)
}

// sealsCallsOf tells whether there can be a call of an entry of `paths` that is sealed: one that allow lets through, and that neither has a
// token of its own nor wants that of an official account.
func (rl *Relay) sealsCallsOf(entry string) bool {
	return slices.ContainsFunc(rl.allow.common(entry), func(common string) bool {
		return ownTokens.find(common) == "" && rl.pass.find(common) == "" && wechat.MiniProgram.CheckPath(common) == nil
	})
}

// checkSecuredPaths refuses an entry of `paths` of which no call is ever sealed, and gives its index.
func (rl *Relay) checkSecuredPaths() (int, error) {
	for i, entry := range rl.Secure.Paths {
		if !rl.sealsCallsOf(entry) && !rl.sealsCallsOf(strings.ToLower(entry)) { // letter case says nothing
			return i, fmt.Errorf("paths: no call of %s is ever sealed: allow lets none of them through, or pass has them go as they are", entry)
		}
	}
	return 0, nil
}

// seals tells whether the calls of a path are sealed. Letter case says nothing: WeChat may not mind it, and what has to be sealed must
// not go out otherwise.
func (s *Secure) seals(path string) bool {
	return s != nil && s.paths.find(strings.ToLower(path)) != ""
}

// params gives what is sealed of a query. It refuses, before its body is read, a call that cannot be sealed.
func (*Secure) params(r *http.Request, query string) (url.Values, error) {
	if r.Method != http.MethodPost {
		return nil, problem.Invalid("calls of %s are sealed, which only a POST can be", r.URL.Path)
	}
	params, err := secure.ParseQuery(query)
	bad, ok := errors.AsType[*secure.BadParam](err)
	switch {
	case !ok:
		return params, err
	case bad.Name == "":
		return nil, problem.Invalid("calls of %s are sealed: the query cannot be read", r.URL.Path)
	case bad.Twice:
		return nil, problem.Invalid("calls of %s are sealed: the query has %s more than once, which a JSON object cannot have", r.URL.Path, field.Quote(bad.Name))
	}
	return nil, problem.Invalid("calls of %s are sealed: %s in the query is no UTF-8", r.URL.Path, field.Quote(bad.Name))
}

// checkBody refuses a call whose body cannot be sealed: body is what was kept of it, and nil also where there is none.
func (*Secure) checkBody(out *http.Request, body []byte) error {
	if body == nil && out.ContentLength != 0 && out.Body != nil && out.Body != http.NoBody {
		return problem.Newf(http.StatusRequestEntityTooLarge, problem.ReasonBodyTooLarge,
			"calls of %s are sealed, which a body of more than %d bytes cannot be", out.URL.Path, maxKept)
	}
	if secure.CheckBody(body) != nil {
		return problem.Invalid("calls of %s are sealed: the body has to be a JSON object in UTF-8", out.URL.Path)
	}
	return nil
}

// unmarshalSecure reads `secure { … }` in the block of mini_program.
func (rl *Relay) unmarshalSecure(d *caddyfile.Dispenser) error {
	if rl.Secure != nil {
		return words.AlreadySpecified(d, d.Val())
	}
	if d.NextArg() {
		return d.Err("secure has a block, and nothing beside it") // what stands there may be a key
	}
	s := new(Secure)
	in := s.Words(d)
	maps.Copy(in, words.Subdirectives{
		"paths":       func() error { return s.unmarshalPaths(d) },
		"send_number": func() error { return words.Flag(d, &s.SendNumber) },
	})
	if err := words.Block(d, 2, in); err != nil {
		return err
	}
	rl.Secure = s
	return s.End(d)
}

func (s *Secure) unmarshalPaths(d *caddyfile.Dispenser) error {
	if d.CountRemainingArgs() == 0 {
		return d.ArgErr()
	}
	for d.NextArg() {
		s.Paths, s.written = append(s.Paths, d.Val()), append(s.written, d.Token())
	}
	_, err := newSecuredPaths(s.Paths)
	return words.Located(d, err)
}

// checkWritten is checkSecuredPaths at the end of a Caddyfile's block, for allow and pass may stand below secure.
func (rl *Relay) checkWritten() error {
	if rl.Secure == nil {
		return nil
	}
	var err error
	if rl.allow, err = newPathSet("allow", rl.Allow, true); err != nil {
		return err
	}
	if rl.pass, err = newPathSet("pass", rl.Pass, false); err != nil {
		return err
	}
	at, err := rl.checkSecuredPaths()
	if err == nil {
		return nil
	}
	d := caddyfile.NewDispenser(rl.Secure.written[at:])
	d.Next()
	return d.WrapErr(err)
}

// errSecureAlone is for a configuration in JSON: a Caddyfile has secure in the block of mini_program.
var errSecureAlone = errors.New("secure needs mini_program: API 安全 is a mini program's")
