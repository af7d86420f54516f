package wechat

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"time"
)

// Our names of the calls of a third-party platform (第三方平台), for errors and metrics.
const (
	APIStartPush         = "api_start_push_ticket"
	APIComponentToken    = "api_component_token"
	APIPreAuthCode       = "api_create_preauthcode"
	APIQueryAuth         = "api_query_auth"
	APIAuthorizerToken   = "api_authorizer_token"
	APIAuthorizerInfo    = "api_get_authorizer_info"
	APIAuthorizerList    = "api_get_authorizer_list"
	APIComponentLogin    = "component_jscode2session"
	APIComponentWebLogin = "component_oauth2_access_token"
	APICustomText        = "custom_send"
)

// MaxAuthorizers is how many AuthorizerList gives at the most.
const MaxAuthorizers = 500

// Component names a component and shows who calls for it. WeChat takes its component_access_token by the name
// component_access_token on all of its calls, and as access_token on some.
type Component struct {
	AppID string
	Token string // component_access_token
}

// component makes a call with a component_access_token.
func (c *Client) component(ctx context.Context, of Component, call Call, out any) error {
	if call.Query == nil {
		call.Query = make(url.Values)
	}
	call.Query.Set("component_access_token", of.Token)
	call.Secrets = append(call.Secrets, of.Token)
	return c.Do(ctx, call, out)
}

// StartPushTicket has WeChat push verify tickets again, by /cgi-bin/component/api_start_push_ticket. Where it does so already,
// that is no error.
func (c *Client) StartPushTicket(ctx context.Context, component, secret string) error {
	return c.Do(ctx, Call{
		API:  APIStartPush,
		Path: "/cgi-bin/component/api_start_push_ticket",
		Body: struct {
			Component string `json:"component_appid"`
			Secret    string `json:"component_secret"` // this call alone calls it so
		}{component, secret},
		Repeatable: true,
		Secrets:    []string{secret},
	}, nil)
}

// componentTokenAnswer is that of api_component_token.
type componentTokenAnswer struct {
	Token     string  `json:"component_access_token"`
	ExpiresIn seconds `json:"expires_in"`
}

func (a *componentTokenAnswer) check() error { return checkCredential(a.Token, a.ExpiresIn) }

// ComponentToken fetches a component_access_token from /cgi-bin/component/api_component_token with the verify ticket. It
// supersedes the one before. The call is repeatable: of two answers the lost one is the older.
func (c *Client) ComponentToken(ctx context.Context, component, secret, ticket string) (Grant, error) {
	requested := c.now()
	var a componentTokenAnswer
	err := c.Do(ctx, Call{
		API:        APIComponentToken,
		credential: true,
		Path:       "/cgi-bin/component/api_component_token",
		Body: struct {
			Component string `json:"component_appid"`
			Secret    string `json:"component_appsecret"`
			Ticket    string `json:"component_verify_ticket"`
		}{component, secret, ticket},
		Repeatable: true,
		Secrets:    []string{secret, ticket},
	}, &a)
	return grant(a.Token, a.ExpiresIn, requested, err)
}

// preAuthAnswer is that of api_create_preauthcode.
type preAuthAnswer struct {
	Code      string  `json:"pre_auth_code"`
	ExpiresIn seconds `json:"expires_in"`
}

func (a *preAuthAnswer) check() error { return checkCredential(a.Code, a.ExpiresIn) }

// PreAuthCode fetches a pre_auth_code from /cgi-bin/component/api_create_preauthcode, and how long it lives.
func (c *Client) PreAuthCode(ctx context.Context, of Component) (code string, life time.Duration, err error) {
	var a preAuthAnswer
	err = c.component(ctx, of, Call{
		API:  APIPreAuthCode,
		Path: "/cgi-bin/component/api_create_preauthcode",
		Body: struct {
			Component string `json:"component_appid"`
		}{of.AppID},
		Repeatable: true,
	}, &a)
	if err != nil {
		return "", 0, err
	}
	return a.Code, time.Duration(a.ExpiresIn) * time.Second, nil
}

// Authorizer is what WeChat tells of an account that authorised a component.
type Authorizer struct {
	AppID        string
	RefreshToken string // authorizer_refresh_token; "": WeChat gave none, as it does where the account has no rights to call
	Token        Grant  // authorizer_access_token; without a Value where none was given
	Sets         []int  // permission sets (权限集) that were granted, whether or not the account itself holds the right
}

// authorizationInfo is what several answers have of an account.
type authorizationInfo struct {
	AppID        string  `json:"authorizer_appid"`
	Token        string  `json:"authorizer_access_token"`
	ExpiresIn    seconds `json:"expires_in"`
	RefreshToken string  `json:"authorizer_refresh_token"`
	Functions    sets    `json:"func_info"`
}

// sets is a func_info. One that cannot be read says nothing; what stands beside it counts all the same.
type sets []int

// UnmarshalJSON never fails.
func (s *sets) UnmarshalJSON(data []byte) error {
	var functions []struct {
		Category struct {
			ID int `json:"id"`
		} `json:"funcscope_category"`
	}
	_ = json.Unmarshal(data, &functions)
	for _, f := range functions {
		if f.Category.ID > 0 {
			*s = append(*s, f.Category.ID)
		}
	}
	return nil
}

func (a *authorizationInfo) check() error {
	if !isUserID(a.AppID) || a.AppID == "" || !isRefreshToken(a.RefreshToken) {
		return errValue
	}
	return nil
}

// authorizer gives what was told. An access token that cannot be used is none: the code of it works once, and another token can be had.
func (a *authorizationInfo) authorizer(requested time.Time) Authorizer {
	given := Authorizer{AppID: a.AppID, RefreshToken: a.RefreshToken, Sets: a.Functions}
	if checkCredential(a.Token, a.ExpiresIn) == nil {
		given.Token, _ = grant(a.Token, a.ExpiresIn, requested, nil)
	}
	return given
}

// isRefreshToken accepts what WeChat may give as one, or nothing.
func isRefreshToken(s string) bool { return s == "" || checkCredential(s, 1) == nil }

// QueryAuth exchanges an authorization code, by /cgi-bin/component/api_query_auth. A code works once, so the call is not repeatable.
func (c *Client) QueryAuth(ctx context.Context, of Component, code string) (Authorizer, error) {
	requested := c.now()
	var a queryAuthAnswer
	err := c.component(ctx, of, Call{
		API:        APIQueryAuth,
		credential: true,
		Path:       "/cgi-bin/component/api_query_auth",
		Body: struct {
			Component string `json:"component_appid"`
			Code      string `json:"authorization_code"`
		}{of.AppID, code},
		Secrets: []string{code},
	}, &a)
	if err != nil {
		return Authorizer{}, err
	}
	return a.Info.authorizer(requested), nil
}

type queryAuthAnswer struct {
	Info authorizationInfo `json:"authorization_info"`
}

func (a *queryAuthAnswer) check() error { return a.Info.check() }

// authorizerTokenAnswer is that of api_authorizer_token.
type authorizerTokenAnswer struct {
	Token        string  `json:"authorizer_access_token"`
	ExpiresIn    seconds `json:"expires_in"`
	RefreshToken string  `json:"authorizer_refresh_token"`
}

func (a *authorizerTokenAnswer) check() error {
	if !isRefreshToken(a.RefreshToken) {
		return errValue
	}
	return checkCredential(a.Token, a.ExpiresIn)
}

// AuthorizerToken fetches an authorizer_access_token from /cgi-bin/component/api_authorizer_token, and the refresh token that is to
// be kept from then on; "" where WeChat names none, and the one given stays. Nobody knows whether the old one lives on when it is
// another, so the call is not repeatable.
func (c *Client) AuthorizerToken(ctx context.Context, of Component, account, refreshToken string) (g Grant, refresh string, err error) {
	requested := c.now()
	var a authorizerTokenAnswer
	err = c.component(ctx, of, Call{
		API:        APIAuthorizerToken,
		credential: true,
		Path:       "/cgi-bin/component/api_authorizer_token",
		Body: struct {
			Component    string `json:"component_appid"`
			Account      string `json:"authorizer_appid"`
			RefreshToken string `json:"authorizer_refresh_token"`
		}{of.AppID, account, refreshToken},
		Secrets: []string{refreshToken},
	}, &a)
	g, err = grant(a.Token, a.ExpiresIn, requested, err)
	return g, a.RefreshToken, err
}

// Profile is what an account that authorised a component is.
type Profile struct {
	Authorizer
	Name          string // nick_name
	UserName      string // gh_…
	IsMiniProgram bool
	Verified      bool // verify_type_info is not -1
}

type profileAnswer struct {
	Account struct {
		Name        string `json:"nick_name"`
		UserName    string `json:"user_name"`
		MiniProgram any    `json:"MiniProgramInfo"`
		Verify      *struct {
			ID int `json:"id"`
		} `json:"verify_type_info"`
	} `json:"authorizer_info"`
	Info authorizationInfo `json:"authorization_info"`
}

func (a *profileAnswer) check() error { return a.Info.check() }

// AuthorizerInfo tells of an account, by /cgi-bin/component/api_get_authorizer_info: what it is, and its refresh token. A mini
// program is told by MiniProgramInfo: its service type is that of an official account.
func (c *Client) AuthorizerInfo(ctx context.Context, of Component, account string) (Profile, error) {
	var a profileAnswer
	err := c.component(ctx, of, Call{
		API:  APIAuthorizerInfo,
		Path: "/cgi-bin/component/api_get_authorizer_info",
		Body: struct {
			Component string `json:"component_appid"`
			Account   string `json:"authorizer_appid"`
		}{of.AppID, account},
		Repeatable: true,
	}, &a)
	if err == nil && a.Info.AppID != account {
		err = &Error{API: APIAuthorizerInfo, Err: errAnother}
	}
	if err != nil {
		return Profile{}, err
	}
	return Profile{
		Authorizer: a.Info.authorizer(time.Time{}), Name: a.Account.Name, UserName: a.Account.UserName,
		IsMiniProgram: a.Account.MiniProgram != nil, Verified: a.Account.Verify != nil && a.Account.Verify.ID >= 0,
	}, nil
}

var errAnother = errors.New("the answer is that of another account")

// Listed is an account in the list of those that authorised a component.
type Listed struct {
	AppID        string
	RefreshToken string    // "": the code of its grant was never exchanged
	Since        time.Time // auth_time; zero: not told
}

type listAnswer struct {
	Total *int `json:"total_count"`
	List  []struct {
		AppID        string  `json:"authorizer_appid"`
		RefreshToken string  `json:"refresh_token"`
		Since        seconds `json:"auth_time"`
	} `json:"list"`
}

func (a *listAnswer) check() error {
	if a.Total == nil || *a.Total < 0 {
		return errValue
	}
	return nil
}

// AuthorizerList lists the accounts that authorised a component, in no order, from one place on and so many, MaxAuthorizers at the
// most, by /cgi-bin/component/api_get_authorizer_list; and how many there are in all.
func (c *Client) AuthorizerList(ctx context.Context, of Component, offset, count int) (list []Listed, total int, err error) {
	var a listAnswer
	err = c.component(ctx, of, Call{
		API:  APIAuthorizerList,
		Path: "/cgi-bin/component/api_get_authorizer_list",
		Body: struct {
			Component string `json:"component_appid"`
			Offset    int    `json:"offset"`
			Count     int    `json:"count"`
		}{of.AppID, offset, count},
		Repeatable: true,
	}, &a)
	if err != nil {
		return nil, 0, err
	}
	for _, l := range a.List {
		if l.AppID == "" || !isUserID(l.AppID) || !isRefreshToken(l.RefreshToken) {
			continue // nonsense about one hides none of the others
		}
		listed := Listed{AppID: l.AppID, RefreshToken: l.RefreshToken}
		if l.Since > 0 {
			listed.Since = time.Unix(int64(l.Since), 0)
		}
		list = append(list, listed)
	}
	return list, *a.Total, nil
}
