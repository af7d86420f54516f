package redis

import (
	"sync"

	"github.com/redis/go-redis/v9"
)

// redisLog takes what the Redis client prints of its own accord. It has one such logger for all that use it in this process.
// Whatever fails is returned as an error too, so this is for those who look into a problem.
type redisLog struct{}

// RouteLog has the Redis client log by Caddy, once a process.
var RouteLog = sync.OnceFunc(func() { redis.SetLogger(redisLog{}) })
