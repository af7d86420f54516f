package directory

import (
	"log/slog"
	"sync"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/recent"
)

// complaints logs what is wrong with sources and accounts, each once a minute.
type complaints struct {
	logger *slog.Logger
	mu     sync.Mutex
	last   *recent.Cache[string, time.Time]
}

const (
	complainAgain = time.Minute
	maxComplaints = 1_000
)

func newComplaints(logger *slog.Logger) *complaints {
	return &complaints{logger: logger, last: recent.New[string, time.Time](maxComplaints)}
}

// due tells whether something may be logged again.
func (c *complaints) due(now time.Time, what string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if last, ok := c.last.Get(what); ok && now.Sub(last) < complainAgain {
		return false
	}
	c.last.Add(what, now)
	return true
}

func (c *complaints) broken(now time.Time, source, name string, err error) {
	if c.due(now, source+"\x00"+name) {
		c.logger.Warn("the data of an account cannot be used; what they were last stays, if this process has it", "source", source, "account", name, "error", err)
	}
}

func (c *complaints) unreachable(now time.Time, source string, err error) {
	if c.due(now, source) {
		c.logger.Warn("a source of accounts cannot be asked; accounts that were found in it stay", "source", source, "error", err)
	}
}

func (c *complaints) alias(now time.Time, alias, winner, loser string) {
	if c.due(now, "\x00"+alias+"\x00"+loser) {
		c.logger.Warn("two accounts have one alias; it is the first one's", "alias", alias, "account", winner, "other", loser)
	}
}
