package plugin

import (
	"cmp"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/clock"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/limit"
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
)

// Bounds of what is remembered of clients' requests: a few megabytes an account at the most.
const (
	maxCodes      = 8192
	maxComponents = 8192
	maxLatest     = 1024
)

// State is what an account keeps across configurations: its credentials, what it learnt from WeChat, and its limits.
// The host keeps one for each SharedKey for as long as any configuration uses it.
type State struct {
	keepers *credential.Keepers
	clock   clock.State

	codes      *lru.Cache[string, decrypted]       // by encrypted code
	components *lru.Cache[componentKey, component] // by card and outer_str
	latest     *lru.Cache[string, component]       // by card

	activations activations
	pushes      pushes

	decrypts singleflight.Group
	geturls  singleflight.Group

	decryptLimit limit.Bucket
	geturlLimit  limit.Bucket // for what clients choose
	ownLimit     limit.Bucket // for what only the configuration chooses: strangers cannot use it up
}

// NewState makes the State of cfg's SharedKey.
func NewState(cfg AccountConfig) *State {
	s := &State{
		keepers:    credential.NewKeepers(cfg.core().ID()),
		codes:      newLRU[string, decrypted](maxCodes),
		components: newLRU[componentKey, component](maxComponents),
		latest:     newLRU[string, component](maxLatest),

		activations: newActivations(),
		pushes:      newPushes(),
	}
	s.limit(cfg)
	return s
}

// limit sets the limits of a configuration, unless they are in force already: a reload fills no bucket.
func (s *State) limit(cfg AccountConfig) {
	s.decryptLimit.Set("decrypt", cmp.Or(cfg.DecryptLimit, DefaultDecryptLimit))
	s.activations.limit.Set("tempinfo", cmp.Or(cfg.DecryptLimit, DefaultDecryptLimit))
	s.geturlLimit.Set("geturl", cmp.Or(cfg.GeturlLimit, DefaultGeturlLimit))
	s.ownLimit.Set("geturl", cmp.Or(cfg.GeturlLimit, DefaultGeturlLimit))
}

func newLRU[K comparable, V any](size int) *lru.Cache[K, V] {
	c, err := lru.New[K, V](size)
	if err != nil { // only for a size below 1
		panic(err)
	}
	return c
}
