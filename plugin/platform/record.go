package platform

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/platform/vault"
)

// endedLife is for how long it is remembered that an authorisation has ended: events that are older than its end, and copies of what
// it was, bring it back no more. It is longer than the vault's memory of anything.
const endedLife = 7 * 24 * time.Hour

// errNothing says that nothing was ever known of an account, or that it was long ago.
var errNothing = errors.New("nothing is known of the account")

// record is what is kept of an account. Times are in seconds since 1970, by WeChat's clock.
type record struct {
	AppID        string          `json:"app_id"`
	RefreshToken string          `json:"refresh_token,omitempty"`
	Turned       int64           `json:"turned,omitempty"`     // when the refresh token was last another one, or was told again
	Since        int64           `json:"since,omitempty"`      // of the grant
	Changed      int64           `json:"changed,omitempty"`    // of the last event that counted
	Generation   string          `json:"generation,omitempty"` // of the grant
	Sets         []int           `json:"sets,omitempty"`
	Described    bool            `json:"described,omitempty"` // what follows is known
	MiniProgram  bool            `json:"mini_program,omitempty"`
	Name         string          `json:"name,omitempty"`
	UserName     string          `json:"user_name,omitempty"`
	Refused      *refusal        `json:"refused,omitempty"` // WeChat refuses the refresh token for good
	Ended        *ending         `json:"ended,omitempty"`   // the authorisation was taken back
	Settings     json.RawMessage `json:"settings,omitempty"`
}

// refusal is what WeChat said.
type refusal struct {
	Code int    `json:"errcode"`
	Msg  string `json:"errmsg"`
	At   int64  `json:"at"`
}

// ending is an end.
type ending struct {
	At   int64 `json:"at"`
	Here bool  `json:"here,omitempty"` // an operator had it removed here
}

func (r *record) alive() bool { return r.AppID != "" && r.Ended == nil }

func (r *record) authorisation() Authorisation {
	a := Authorisation{
		AppID: r.AppID, Since: time.Unix(r.Since, 0).UTC(), Sets: slices.Clone(r.Sets), IsMiniProgram: r.MiniProgram,
		Name: r.Name, UserName: r.UserName, Generation: r.Generation, Settings: slices.Clone(r.Settings),
	}
	if r.Refused != nil {
		a.Refused = r.Refused.Code
	}
	return a
}

// looked is a record as it was read.
type looked struct {
	text string // "": there is none
	at   time.Time
}

// record fails with errNothing, or with ErrNotAuthorised.
func (l looked) record() (r record, err error) {
	if l.text == "" {
		return r, errNothing
	}
	if r, err = parse(l.text); err != nil {
		return r, err
	}
	if !r.alive() {
		return record{}, ErrNotAuthorised
	}
	return r, nil
}

func parse(text string) (r record, err error) {
	if json.Unmarshal([]byte(text), &r) != nil {
		return record{}, vault.ErrForeign
	}
	return r, nil
}

// change changes what is kept of an account, in all places. change is given what there is, or why there is nothing: errNothing,
// vault.ErrForeign, or what keeps anybody from telling.
func (p *Platform) change(ctx context.Context, appID string, change func(r *record, err error) error) (record, error) {
	if !appIDs.MatchString(appID) {
		return record{}, ErrNotAuthorised
	}
	var last record
	e, err := p.records.Change(ctx, appID, func(old vault.Entry, err error) (string, error) {
		last = record{}
		if err == nil {
			last, err = parse(old.Text)
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = errNothing
		}
		if err != nil {
			last = record{}
		}
		if err := change(&last, err); err != nil {
			return "", err
		}
		last.AppID = appID
		text, err := json.Marshal(last) //nolint:gosec // it is sealed
		return string(text), err
	})
	if err == nil {
		p.state.looked.Add(appID, looked{e.Text, p.cfg.Now()})
		p.state.count(appID, last.alive() && last.Refused == nil)
	}
	return last, err
}

// all gives all records, sorted by app id; those that cannot be read are left out.
func (p *Platform) all(ctx context.Context) ([]record, error) {
	names, err := p.records.Names(ctx)
	if err != nil {
		return nil, err
	}
	records := make([]record, len(names))
	var failed error
	var mu sync.Mutex
	var wg sync.WaitGroup
	for part := range slices.Chunk(indices(len(names)), max(1, (len(names)+readers-1)/readers)) {
		wg.Go(func() {
			for _, i := range part {
				e, err := p.records.Get(ctx, names[i])
				if err == nil {
					records[i], err = parse(e.Text)
				}
				if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, vault.ErrForeign) {
					mu.Lock()
					failed = err
					mu.Unlock()
					return
				}
				if records[i].AppID != "" {
					p.state.count(records[i].AppID, records[i].alive() && records[i].Refused == nil)
				}
			}
		})
	}
	wg.Wait()
	if failed != nil {
		return nil, failed
	}
	return slices.DeleteFunc(records, func(r record) bool { return r.AppID == "" }), nil
}

// readers is how many records are read at the same time.
const readers = 8

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func newGeneration() string {
	random := make([]byte, 8)
	_, _ = rand.Read(random) // never fails (crypto/rand)
	return hex.EncodeToString(random)
}
