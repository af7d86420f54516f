// Package object reads one account that is data: a JSON object with the names of an account's JSON configuration, and app_id, alias and
// key. It is strict, for nobody looks at these objects when they are loaded: what it does not know it refuses, by name.
package object

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/sealed"
)

// MaxSize is how many bytes an object has at most.
const MaxSize = 16 << 10

// Account is an object that was read.
type Account struct {
	AppID   string
	Alias   string          // empty: none
	Key     string          // what relay and credentials want; empty: none
	Whole   json.RawMessage // the object, its sealed values opened
	Version string          // another one whenever anything of it changes; nothing of it can be told from that
}

// Data is what an object holds. The names are those of an account's JSON configuration.
type Data struct {
	AppID        string    `json:"app_id"`
	Alias        string    `json:"alias,omitempty"`
	Key          string    `json:"key,omitempty"`
	AppSecret    string    `json:"app_secret,omitempty"`
	TokenSource  string    `json:"token_source,omitempty"`
	ForceRefresh string    `json:"force_refresh,omitempty"`
	MiniPrograms []Program `json:"mini_program,omitempty"`
	MessagePush  *Push     `json:"message_push,omitempty"`
	Limit        *Limit    `json:"limit,omitempty"`
}

// Program is a mini program of an account.
type Program struct {
	AppID     string `json:"app_id"`
	AppSecret string `json:"app_secret,omitempty"` // empty only in settings: it authorised the component
}

// Push is what the message settings of an account's console show.
type Push struct {
	Token          string `json:"token"`
	EncodingAESKey string `json:"encoding_aes_key,omitempty"`
}

// Limit bounds the calls a minute that clients can cause; 0: the default.
type Limit struct {
	Decrypt    int `json:"decrypt,omitempty"`
	Geturl     int `json:"geturl,omitempty"`
	Login      int `json:"login,omitempty"`
	Activation int `json:"activation,omitempty"`
}

// Fault says what is wrong with an object. It holds no value of it.
type Fault struct {
	Field string // app_secret, message_push.token, mini_program[1].app_id; empty: the object as a whole
	Text  string
}

// Error says what is wrong and where.
func (f *Fault) Error() string {
	if f.Field == "" {
		return f.Text
	}
	return f.Field + " " + f.Text
}

// Parse reads an account that has its own app_secret. keys open sealed values; nil: there are none. Errors are *Fault.
func Parse(raw []byte, keys *sealed.Keys) (*Account, error) {
	r := reader{keys: keys}
	data := r.read(raw, allMembers)
	switch {
	case r.fault != nil:
	case data.AppID == "":
		r.fail("app_id", "is missing")
	case data.AppSecret == "":
		r.fail("app_secret", "is missing")
	}
	return r.account(data)
}

// ParseSettings reads what somebody has set for an account that authorised a component, whose app_id this is: alias, key, mini_program and
// limit. The object may be empty or nil. Errors are *Fault.
func ParseSettings(appID string, raw []byte, keys *sealed.Keys) (*Account, error) {
	r := reader{keys: keys, settings: true}
	data := new(Data)
	if len(raw) > 0 {
		data = r.read(raw, settingMembers)
	}
	if r.fault == nil && data.AppID != "" && data.AppID != appID {
		r.fail("app_id", "is not the account's: "+appID)
	}
	data.AppID = appID
	return r.account(data)
}

// account makes an Account of what was read.
func (r *reader) account(data *Data) (*Account, error) {
	if r.fault != nil {
		return nil, r.fault
	}
	whole, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(whole)
	return &Account{
		AppID: data.AppID, Alias: data.Alias, Key: data.Key, Whole: whole, Version: hex.EncodeToString(sum[:16]),
	}, nil
}
