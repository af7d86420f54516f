package api

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
)

// versions are those of a mini program.
var versions = []string{"release", "trial", "develop"}

// looks is how a picture is to look, and which version of the mini program it opens. The sandbox draws all of them in black on white.
type looks struct {
	Auto        bool    `json:"auto_color"` // WeChat chooses the colour
	Colour      rgb     `json:"line_color"`
	Transparent bool    `json:"is_hyaline"`
	Version     *string `json:"env_version"` // nil: release
}

// check refuses what WeChat does with 40097, an empty env_version as developers report, a colour that is none as its pages let expect.
func (l *looks) check() error {
	if l.Version != nil && !slices.Contains(versions, *l.Version) || !l.Auto && l.Colour.bad() {
		return wire.ErrBadArgs
	}
	return nil
}

// rgb is a colour. WeChat's pages show its parts as numbers and as strings.
type rgb struct {
	R channel `json:"r"`
	G channel `json:"g"`
	B channel `json:"b"`
}

func (c rgb) bad() bool { return c.R.bad || c.G.bad || c.B.bad }

// channel is a part of a colour: 0 to 255, in decimal.
type channel struct{ bad bool }

// UnmarshalJSON implements json.Unmarshaler. It fails for what is neither a number nor a string.
func (c *channel) UnmarshalJSON(data []byte) error {
	var s string
	switch data[0] {
	case '"':
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
	case 't', 'f', '[', '{':
		return errors.New("neither a number nor a string")
	case 'n': // null
		return nil
	default:
		s = string(data)
	}
	_, err := strconv.ParseUint(s, 10, 8)
	c.bad = err != nil
	return nil
}
