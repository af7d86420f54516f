// Package conformance has the tests that need what is heavy: other people's stores and SDKs, as they come. It is a module of
// its own, so that nobody who builds the gateway downloads any of that.
//
// stores_test.go runs what every store must do against Caddy's files, our Redis store and NATS JetStream KV, by the adapter in
// natskv_test.go. sdk_test.go uses SDKs written in Go on a gateway, and margin_test.go the figures of those that cannot be had
// here; node/ has those from npm.
package conformance
