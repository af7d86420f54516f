package field

import (
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
)

// Invalid is the error for a value that cannot be used, whoever sent or configured it.
type Invalid struct{ Message language.Message }

// Invalidf makes an Invalid. The table of texts has format and the phrases among args, which a test makes sure of.
func Invalidf(format string, args ...any) error {
	return &Invalid{language.Message{Format: format, Args: args}}
}

// Error says what is wrong, in English.
func (e *Invalid) Error() string { return e.Message.Error() }

// The faults of a text.
const (
	FaultUTF8      language.Phrase = "is not valid UTF-8"
	FaultControl   language.Phrase = "holds a control character"
	FaultEscape    language.Phrase = "is not valid percent-encoding"
	FaultSurrogate language.Phrase = "holds half a surrogate pair"
	FaultTwice     language.Phrase = "is given twice"
	FaultNoString  language.Phrase = "is not a string"
	FaultNoScalar  language.Phrase = "is neither a string nor a number"
)
