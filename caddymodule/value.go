package caddymodule

import "net/http"

// value is what the operator configured for a field; the zero value: nothing.
type value struct {
	raw     string
	dynamic bool // holds placeholders
}

// newValue compiles a configured value.
func newValue(f field, raw string) (value, error) {
	v := value{raw: fullPlaceholders(raw), dynamic: isDynamic(raw)}
	if v.dynamic {
		return v, nil
	}
	return v, checkConfigured(f, raw)
}

// eval gives the value for a request.
func (v value) eval(f field, r *http.Request) (string, error) {
	if !v.dynamic {
		return v.raw, nil
	}
	s, err := configured(r, f.Name(), v.raw)
	if err != nil {
		return "", err
	}
	return s, checkConfigured(f, s)
}

// configured evaluates the placeholders of what is configured for a name, each in full.
func configured(r *http.Request, name, raw string) (string, error) {
	s, err := replacer(r).ReplaceOrErr(raw, true, true)
	if err != nil || s == "" {
		p := problemf(http.StatusForbidden, reasonValueMissing, "the value that is configured for %s came out empty", name)
		p.Err = err
		return "", p
	}
	return s, nil
}
