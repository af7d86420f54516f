package api

import (
	"bytes"
	"fmt"
	"image/png"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// Pictures that lead into a mini program (小程序码). WeChat's own are round and its secret: here each is a QR code that says in words
// where it leads. In pixels:
const (
	defaultWidth       = 430
	minWidth, maxWidth = 280, 1280
)

const (
	maxScene    = 32 // characters
	maxPagePath = 1024
	sceneSigns  = "!#$&'()*+,/:;=?@-._~`"
)

// reserved is a parameter that WeChat sets itself.
const reserved = "scancode_time"

// getWXACode is of which WeChat makes 100,000 for a mini program.
func getWXACode(c *call) (any, error) {
	req, err := wire.Decode[struct {
		Path  string `json:"path"`
		Width int    `json:"width"`
		looks
	}](c.body)
	if err == nil {
		err = req.check()
	}
	if err != nil {
		return nil, err
	}
	return pathPicture(c, req.Path, req.Width)
}

// createWXAQRCode has another shape at WeChat, and no looks.
func createWXAQRCode(c *call) (any, error) {
	req, err := wire.Decode[struct {
		Path  string `json:"path"`
		Width int    `json:"width"`
	}](c.body)
	if err != nil {
		return nil, err
	}
	return pathPicture(c, req.Path, req.Width)
}

func pathPicture(c *call, path string, width int) (any, error) {
	switch {
	case path == "" || len(path) > maxPagePath:
		return nil, wire.ErrPathLength
	case strings.Contains(path, reserved):
		return nil, wire.ErrReservedField
	}
	return picture(fmt.Sprintf("mini program %s: %s", c.app.ID, path), width)
}

// getWXACodeUnlimit takes any page: which of them are published the sandbox does not know. Which of 40129 and 40169 WeChat has for
// which fault of a scene is not published either.
func getWXACodeUnlimit(c *call) (any, error) {
	req, err := wire.Decode[struct {
		Scene string `json:"scene"`
		Page  string `json:"page"`
		Width int    `json:"width"`
		looks
	}](c.body)
	switch {
	case err != nil:
		return nil, err
	case req.Scene == "" || len(req.Scene) > maxScene:
		return nil, wire.ErrSceneLength
	case !isOf(req.Scene, sceneSigns):
		return nil, wire.ErrBadScene
	case strings.HasPrefix(req.Page, "/") || strings.Contains(req.Page, "?") || len(req.Page) > maxPagePath:
		return nil, wire.ErrBadPage
	case strings.Contains(req.Scene, reserved):
		return nil, wire.ErrReservedField
	}
	if err := req.check(); err != nil {
		return nil, err
	}
	return picture(fmt.Sprintf("mini program %s: %s?scene=%s", c.app.ID, req.Page, req.Scene), req.Width)
}

// isOf tells whether a text has letters, digits and these signs only.
func isOf(text, signs string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return !strings.ContainsRune(signs, r) && (r > '~' || !wire.IsAlphanumeric(byte(r)))
	})
}

func picture(text string, width int) (any, error) {
	if width == 0 {
		width = defaultWidth
	}
	if width < minWidth || width > maxWidth {
		return nil, wire.ErrBadArgs
	}
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("drawing a QR code: %w", err)
	}
	if code, err = barcode.Scale(code, width, width); err != nil {
		return nil, fmt.Errorf("scaling a QR code: %w", err)
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, code); err != nil {
		return nil, fmt.Errorf("drawing a QR code: %w", err)
	}
	return wire.Picture(buf.Bytes()), nil
}
