package app

import (
	"fmt"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/words"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/folder"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/remote"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/sealed"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
)

// openAccounts makes the sources of accounts that are data. It calls nobody. client is how whoever keeps them is called.
func (a *App) openAccounts(like common, client wechat.Config) error {
	keys, err := a.sealedKeys()
	if err != nil || len(a.AccountSources) == 0 {
		return err
	}
	a.data = &data{common: like, app: a, logger: a.logger, live: make(map[string]*dataAccount)}
	var literal []string
	for _, written := range a.AccountSources {
		place := "accounts " + written.Source
		s, err := written.expand()
		if err != nil {
			return words.Placed(place, err)
		}
		source, err := a.openAccountSource(s, client, keys)
		if err != nil {
			return words.Placed(place, fmt.Errorf("accounts %s: %w", s.Source, err))
		}
		a.data.sources = append(a.data.sources, source)
		literal = append(literal, written.literalSecrets()...)
	}
	if len(literal) > 0 {
		a.logger.Warn(words.LiteralSecrets, "secrets", literal)
	}
	a.data.directory = directory.New(directory.Config{
		Sources: a.data.sources,
		Taken:   func(name string) bool { return a.accounts[name] != nil || a.byAppID[name] != nil },
		Logger:  a.logger,
	})
	return nil
}

// sealedKeys are what opens sealed values.
func (a *App) sealedKeys() (*sealed.Keys, error) {
	texts, err := sealKeys(a.SealKey)
	if err != nil {
		return nil, words.Placed(Name, err)
	}
	for _, key := range a.SealKey {
		if !words.IsDynamic(key) {
			a.logger.Warn(words.LiteralSecrets, "secrets", []string{"seal_key"})
			break
		}
	}
	return sealed.New(texts...)
}

// openAccountSource makes a source. s is expanded.
func (a *App) openAccountSource(s AccountSource, client wechat.Config, keys *sealed.Keys) (directory.Source, error) {
	switch s.Source {
	case sourceFile:
		source, err := folder.New(folder.Config{Folder: s.Folder, Keys: keys, Logger: a.logger})
		if err != nil {
			return nil, err
		}
		return source, nil
	case sourceRedis:
		return s.openRedis(client, keys)
	case sourceHTTP:
		source, err := remote.New(remote.Config{
			URL: s.URL, Key: s.Key, Cache: time.Duration(s.Cache), Timeout: client.Timeout, RootCAs: client.RootCAs, Keys: keys,
		})
		if err != nil {
			return nil, err
		}
		return source, nil
	}
	component := a.components[s.Component]
	if component == nil {
		return nil, fmt.Errorf("component '%s' is not configured: %s", s.Component, words.ThereAre(s.Component, a.ComponentNames()))
	}
	return directory.NewPlatform(component, keys, nil), nil
}
