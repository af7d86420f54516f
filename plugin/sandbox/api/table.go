package api

import (
	"net/http"
)

// endpoint is one call of WeChat's API.
type endpoint struct {
	method string
	open   bool // needs no access_token
	// component says that it needs a component_access_token, and where the app id stands that this has to be of: in the body or the query.
	component string
	run       func(c *call) (any, error)
}

// endpoints are the calls that the sandbox knows, by path.
var endpoints = map[string]endpoint{
	"/cgi-bin/token":             {method: http.MethodGet, open: true, run: classicToken},
	"/cgi-bin/stable_token":      {method: http.MethodPost, open: true, run: stableToken},
	"/cgi-bin/ticket/getticket":  {method: http.MethodGet, run: getTicket},
	"/cgi-bin/openapi/quota/get": {method: http.MethodPost, run: getQuota},
	"/cgi-bin/clear_quota":       {method: http.MethodPost, run: clearQuota},
	"/sns/jscode2session":        {method: http.MethodGet, open: true, run: jscode2session},
	"/sns/oauth2/access_token":   {method: http.MethodGet, open: true, run: webAccessToken},

	"/cgi-bin/component/api_start_push_ticket":   {method: http.MethodPost, open: true, run: startPushTicket},
	"/cgi-bin/component/api_component_token":     {method: http.MethodPost, open: true, run: componentToken},
	"/cgi-bin/component/api_create_preauthcode":  {method: http.MethodPost, component: inBody, run: preAuthCode},
	"/cgi-bin/component/api_query_auth":          {method: http.MethodPost, component: inBody, run: queryAuth},
	"/cgi-bin/component/api_authorizer_token":    {method: http.MethodPost, component: inBody, run: authorizerToken},
	"/cgi-bin/component/api_get_authorizer_info": {method: http.MethodPost, component: inBody, run: authorizerInfo},
	"/cgi-bin/component/api_get_authorizer_list": {method: http.MethodPost, component: inBody, run: authorizerList},
	"/sns/component/jscode2session":              {method: http.MethodGet, component: inQuery, run: componentJSCode},
	"/sns/oauth2/component/access_token":         {method: http.MethodGet, component: inQuery, run: componentWebToken},

	"/cgi-bin/message/custom/send": {method: http.MethodPost, run: sendCustomMessage},

	"/wxa/business/getuserphonenumber": {method: http.MethodPost, run: getPhoneNumber},
	"/wxa/getwxacode":                  {method: http.MethodPost, run: getWXACode},
	"/wxa/getwxacodeunlimit":           {method: http.MethodPost, run: getWXACodeUnlimit},
	"/wxa/generatescheme":              {method: http.MethodPost, run: generateScheme},
	"/wxa/generate_urllink":            {method: http.MethodPost, run: generateURLLink},
	"/cgi-bin/wxaapp/createwxaqrcode":  {method: http.MethodPost, run: createWXAQRCode},
	"/cgi-bin/message/subscribe/send":  {method: http.MethodPost, run: sendSubscribeMessage},

	"/cgi-bin/menu/create": {method: http.MethodPost, run: createMenu},
	"/cgi-bin/menu/get":    {method: http.MethodGet, run: getMenu},
	"/cgi-bin/menu/delete": {method: http.MethodGet, run: deleteMenu},

	"/card/create":      {method: http.MethodPost, run: createCard},
	"/card/update":      {method: http.MethodPost, run: updateCard},
	"/card/get":         {method: http.MethodPost, run: getCard},
	"/card/batchget":    {method: http.MethodPost, run: batchGetCards},
	"/card/modifystock": {method: http.MethodPost, run: modifyStock},
	"/card/delete":      {method: http.MethodPost, run: deleteCard},

	"/card/getcolors":         {method: http.MethodGet, run: getColors},
	"/card/testwhitelist/set": {method: http.MethodPost, run: setTestWhitelist},

	"/card/code/decrypt":         {method: http.MethodPost, run: decryptCode},
	"/card/code/get":             {method: http.MethodPost, run: getCode},
	"/card/code/consume":         {method: http.MethodPost, run: consumeCode},
	"/card/code/unavailable":     {method: http.MethodPost, run: unavailableCode},
	"/card/code/deposit":         {method: http.MethodPost, run: depositCodes},
	"/card/code/getdepositcount": {method: http.MethodPost, run: depositCount},
	"/card/user/getcardlist":     {method: http.MethodPost, run: userCards},

	"/card/membercard/activate/geturl":      {method: http.MethodPost, run: activateURL},
	"/card/membercard/activateuserform/set": {method: http.MethodPost, run: setActivateForm},
	"/card/membercard/activatetempinfo/get": {method: http.MethodPost, run: getTempInfo},
	"/card/membercard/activate":             {method: http.MethodPost, run: activateMember},
	"/card/membercard/userinfo/get":         {method: http.MethodPost, run: memberInfo},
	"/card/membercard/updateuser":           {method: http.MethodPost, run: updateMember},
}
