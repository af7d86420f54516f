package caddymodule

// Invalid is the error for a value that cannot be used, whoever sent or configured it.
type Invalid struct{ Message message }

// invalidf makes an Invalid. The table of texts has format and the phrases among args, which a test makes sure of.
func invalidf(format string, args ...any) error { return &Invalid{message{format, args}} }

// Error says what is wrong, in English.
func (e *Invalid) Error() string { return e.Message.Error() }

// The faults of a text.
const (
	faultUTF8      phrase = "is not valid UTF-8"
	faultControl   phrase = "holds a control character"
	faultEscape    phrase = "is not valid percent-encoding"
	faultSurrogate phrase = "holds half a surrogate pair"
	faultTwice     phrase = "is given twice"
	faultNoString  phrase = "is not a string"
	faultNoScalar  phrase = "is neither a string nor a number"
)
