package redact

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Credentials that were handed out to other handlers, which may put them anywhere: into a field of log_append, a header of any name, a text
// of an error. Names do not tell these; their values do.
const (
	headLength  = 8             // that many first bytes find a value
	secretLife  = 3 * time.Hour // longer than a credential lives
	manySecrets = 256           // from which on those are looked for that have ended
)

var secrets struct {
	mu     sync.RWMutex
	seen   map[string]time.Time
	byHead map[string][]string
	first  [256]bool // bytes that a value begins with
	swept  time.Time // when those were last looked for that have ended
}

// AddSecret has a value never be logged for some hours from now on, wherever it stands. One of less than 8 bytes would be found by chance,
// and is not looked for.
func AddSecret(value string) {
	if len(value) < headLength {
		return
	}
	now := time.Now()
	secrets.mu.RLock()
	seen, known := secrets.seen[value]
	secrets.mu.RUnlock()
	if known && now.Sub(seen) < time.Minute {
		return
	}
	secrets.mu.Lock()
	defer secrets.mu.Unlock()
	if secrets.seen == nil {
		secrets.seen, secrets.byHead = make(map[string]time.Time), make(map[string][]string)
	}
	if len(secrets.seen) >= manySecrets && now.Sub(secrets.swept) >= time.Minute {
		secrets.swept = now
		for old, seen := range secrets.seen {
			if now.Sub(seen) > secretLife {
				delete(secrets.seen, old)
				head := old[:headLength]
				left := slices.DeleteFunc(secrets.byHead[head], func(v string) bool { return v == old })
				if secrets.byHead[head] = left; len(left) == 0 {
					delete(secrets.byHead, head)
				}
			}
		}
	}
	if _, known := secrets.seen[value]; !known {
		head := value[:headLength]
		secrets.byHead[head] = append(secrets.byHead[head], value)
		secrets.first[value[0]] = true
	}
	secrets.seen[value] = now
}

// Secrets takes out the values of AddSecret.
func Secrets(s string) string {
	if len(s) < headLength {
		return s
	}
	secrets.mu.RLock()
	defer secrets.mu.RUnlock()
	if len(secrets.seen) == 0 {
		return s
	}
	for i := 0; i+headLength <= len(s); i++ {
		if !secrets.first[s[i]] {
			continue
		}
		for _, value := range secrets.byHead[s[i:i+headLength]] {
			if strings.HasPrefix(s[i:], value) {
				s = s[:i] + Redacted + s[i+len(value):]
				break
			}
		}
	}
	return s
}
