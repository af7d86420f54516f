// Package stores has the places where credentials are shared and survive restarts.
package stores

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// Provider is a guest module of wechat_card.stores: where credentials are shared and survive restarts.
type Provider interface {
	// CredentialStore returns the store; nil when nothing is to be shared.
	CredentialStore() (credential.Store, error)
}

// Namespace is where stores are registered.
const Namespace = "wechat_card.stores"
