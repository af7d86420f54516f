package rediskeys

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
)

// Put implements directory.Source. The object is written as it is, sealed values sealed. Whoever is killed between its keys leaves an
// account without an alias, never an alias that leads to another account.
func (k *Keys) Put(ctx context.Context, appID string, raw json.RawMessage) error {
	account, err := object.Parse(raw, k.cfg.Keys)
	if err != nil {
		return err
	}
	if account.AppID != appID {
		return &object.Fault{Field: "app_id", Text: "is not " + appID}
	}
	if account.Alias != "" {
		if err := k.checkAlias(ctx, account.Alias, appID); err != nil {
			return err
		}
	}
	before, _ := k.Look(ctx, appID) // of one that cannot be read the alias is not known, and leads nowhere soon
	if err := k.redis.PutText(ctx, k.cfg.Prefix+appID, string(raw)); err != nil {
		return err
	}
	if account.Alias != "" {
		if err := k.redis.PutText(ctx, k.cfg.Prefix+account.Alias, appID); err != nil {
			return err
		}
	}
	if before.Alias != account.Alias {
		return k.dropAlias(ctx, before.Alias, appID)
	}
	return nil
}

// checkAlias refuses an alias that an account has.
func (k *Keys) checkAlias(ctx context.Context, alias, appID string) error {
	e, err := k.Look(ctx, alias)
	_, isBroken := errors.AsType[*directory.Broken](err)
	switch {
	case err == nil && e.AppID != appID:
		return &object.Fault{Field: "alias", Text: "is that of account " + e.AppID}
	case err == nil, isBroken, errors.Is(err, directory.ErrUnknown):
		return nil
	}
	return err
}

// dropAlias deletes the key of an alias that leads to an account.
func (k *Keys) dropAlias(ctx context.Context, alias, appID string) error {
	if alias == "" {
		return nil
	}
	owner, err := k.owner(ctx, alias)
	if err != nil || owner != appID {
		return nil //nolint:nilerr // it leads nowhere
	}
	_, err = k.redis.DropText(ctx, k.cfg.Prefix+alias)
	return err
}

// Remove implements directory.Source.
func (k *Keys) Remove(ctx context.Context, appID string) error {
	before, _ := k.Look(ctx, appID)
	existed, err := k.redis.DropText(ctx, k.cfg.Prefix+appID)
	if err != nil {
		return err
	}
	if !existed {
		return directory.ErrUnknown
	}
	return k.dropAlias(ctx, before.Alias, appID)
}
