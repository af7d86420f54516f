package cli

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestConfirm(t *testing.T) {
	for answer, want := range map[string]error{
		"y\n": nil, "YES\n": nil, "是\n": nil, "n\n": errNotSure, "\n": errNotSure, "yup\n": errNotSure, "": errNobody,
	} {
		if err := confirm(t.Context(), strings.NewReader(answer), io.Discard, "Sure?"); !errors.Is(err, want) {
			t.Errorf("%q: got %v, want %v", answer, err, want)
		}
	}

	// Ctrl-C, which the commands catch, at a question that nobody answers.
	in, answer := io.Pipe()
	defer answer.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	if err := confirm(ctx, in, io.Discard, "Sure?"); !errors.Is(err, errNotSure) {
		t.Errorf("interrupted: got %v", err)
	}
}
