package stores

import (
	"github.com/caddyserver/certmagic"
)

// Files is Caddy's storage where that is files. It tells a record's age by the clock of the file system, which all
// machines that share a folder see alike.
type Files struct{ *certmagic.FileStorage }

// probeKey is written to learn what time it is in the file system. All processes write it; nobody reads it.
const probeKey = "wechat_card/clock"
