package wechat

import (
	"bytes"
	"context"
	"encoding/json"
)

// cardAnswer is that of /card/get.
type cardAnswer struct {
	Card json.RawMessage `json:"card"`
}

func (a *cardAnswer) check() error {
	if !bytes.HasPrefix(a.Card, []byte("{")) {
		return errValue
	}
	return nil
}

// Card fetches a card from /card/get, in WeChat's own bytes:
// {"card_type":"MEMBER_CARD","member_card":{"base_info":{…},…}}.
func (c *Client) Card(ctx context.Context, accessToken, cardID string) (json.RawMessage, error) {
	var a cardAnswer
	err := c.Do(ctx, Call{
		API:         "card_get",
		Path:        "/card/get",
		AccessToken: accessToken,
		Body: struct {
			CardID string `json:"card_id"`
		}{cardID},
		Repeatable: true,
	}, &a)
	if err != nil {
		return nil, err
	}
	return a.Card, nil
}

// countAnswer is that of /card/batchget.
type countAnswer struct {
	Total *int `json:"total_num"`
}

func (a *countAnswer) check() error {
	if a.Total == nil {
		return errValue
	}
	return nil
}

// CountCards tells by /card/batchget how many cards the account has.
func (c *Client) CountCards(ctx context.Context, accessToken string) (int, error) {
	var a countAnswer
	err := c.Do(ctx, Call{
		API:         "card_batchget",
		Path:        "/card/batchget",
		AccessToken: accessToken,
		Body: struct {
			Offset int `json:"offset"`
			Count  int `json:"count"`
		}{0, 1},
		Repeatable: true,
	}, &a)
	if err != nil {
		return 0, err
	}
	return *a.Total, nil
}

// madeAnswer is that of /card/create.
type madeAnswer struct {
	CardID string `json:"card_id"`
}

func (a *madeAnswer) check() error {
	if a.CardID == "" || len(a.CardID) > 128 {
		return errValue
	}
	return nil
}

// CreateCard makes a card by /card/create. The request is the call's whole
// body, {"card":{…}}, without \u escapes.
func (c *Client) CreateCard(ctx context.Context, accessToken string, request json.RawMessage) (cardID string, err error) {
	var a madeAnswer
	err = c.Do(ctx, Call{API: "card_create", Path: "/card/create", AccessToken: accessToken, Body: request}, &a)
	if err != nil {
		return "", err
	}
	return a.CardID, nil
}

// UpdateCard changes a card by /card/update. The request is the call's whole
// body, {"card_id":"…","member_card":{…}}, without \u escapes. inReview is
// WeChat's send_check: the change is in review, and so is the card until the
// event card_pass_check comes.
func (c *Client) UpdateCard(ctx context.Context, accessToken string, request json.RawMessage) (inReview bool, err error) {
	var a struct {
		SendCheck bool `json:"send_check"`
	}
	err = c.Do(ctx, Call{API: "card_update", Path: "/card/update", AccessToken: accessToken, Body: request}, &a)
	return err == nil && a.SendCheck, err
}

// SetActivateForm sets what users fill in to get a member card, by
// /card/membercard/activateuserform/set. The request is the call's whole body,
// without \u escapes.
func (c *Client) SetActivateForm(ctx context.Context, accessToken string, request json.RawMessage) error {
	return c.Do(ctx, Call{
		API: "userform_set", Path: "/card/membercard/activateuserform/set", AccessToken: accessToken, Body: request,
	}, nil)
}

// SetTestWhitelist lets users have cards that WeChat has not approved yet, by
// /card/testwhitelist/set: by their openids at the official account or their
// WeChat ids, ten at the most.
func (c *Client) SetTestWhitelist(ctx context.Context, accessToken string, openIDs, userNames []string) error {
	return c.Do(ctx, Call{
		API:         "testwhitelist_set",
		Path:        "/card/testwhitelist/set",
		AccessToken: accessToken,
		Body: struct {
			OpenIDs   []string `json:"openid,omitempty"`
			UserNames []string `json:"username,omitempty"`
		}{openIDs, userNames},
	}, nil)
}

// Color is one of the colours that a card can have.
type Color struct {
	Name  string `json:"name"`  // Color010, as /card/create and /card/update want it
	Value string `json:"value"` // #63b359, as /card/get gives it
}

// Colors fetches the colours that cards can have from /card/getcolors.
func (c *Client) Colors(ctx context.Context, accessToken string) ([]Color, error) {
	var a struct {
		Colors []Color `json:"colors"`
	}
	err := c.Do(ctx, Call{API: "getcolors", Path: "/card/getcolors", AccessToken: accessToken, Repeatable: true}, &a)
	if err != nil {
		return nil, err
	}
	return a.Colors, nil
}

// Allowance is how often a call may be made in a day, and how often it was.
// WeChat's counts are accurate to one per cent.
type Allowance struct {
	Daily  int `json:"daily_limit"`
	Used   int `json:"used"`
	Remain int `json:"remain"`
}

// quotaAnswer is that of /cgi-bin/openapi/quota/get.
type quotaAnswer struct {
	Quota *Allowance `json:"quota"`
}

func (a *quotaAnswer) check() error {
	if a.Quota == nil {
		return errValue
	}
	return nil
}

// Quota asks /cgi-bin/openapi/quota/get about the call of a path, such as
// /cgi-bin/ticket/getticket.
func (c *Client) Quota(ctx context.Context, accessToken, path string) (Allowance, error) {
	var a quotaAnswer
	err := c.Do(ctx, Call{
		API:         "quota_get",
		Path:        "/cgi-bin/openapi/quota/get",
		AccessToken: accessToken,
		Body: struct {
			Path string `json:"cgi_path"`
		}{path},
		Repeatable: true,
	}, &a)
	if err != nil {
		return Allowance{}, err
	}
	return *a.Quota, nil
}
