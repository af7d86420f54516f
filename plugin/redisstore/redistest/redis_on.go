//go:build !nowechatredis

package redistest

// leftOut tells whether the build has no Redis.
const leftOut = false
