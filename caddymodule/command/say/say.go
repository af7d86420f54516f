// Package say has what the commands print, in English and in Chinese, and finds out which of the two is to be spoken.
//
// Texts of the commands themselves are formats in the source, whose Chinese stands in texts_zh.go; help is translated as a
// whole by Help. What comes from elsewhere, as findings of the doctor, errors and answers of the admin API do, is recognised by
// the formats that it was made with.
package say

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
)

// Language is what LC_ALL, LC_MESSAGES and LANG say, in this order: of the first that is not empty. POSIX has it so, on a
// terminal or not.
func Language() language.Tag {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := os.Getenv(name); value != "" {
			name, _, _ := strings.Cut(strings.ToLower(value), ".") // zh_CN.UTF-8
			if name, _, _ = strings.Cut(strings.ReplaceAll(name, "-", "_"), "_"); name == "zh" {
				return language.Chinese
			}
			return language.English
		}
	}
	return language.English
}

// T is a text of the commands in the language that is spoken. Errors among args are translated, too.
func T(format string, args ...any) string {
	if Language() == language.English {
		return fmt.Sprintf(format, args...)
	}
	for i, arg := range args {
		if err, ok := arg.(error); ok {
			args[i] = Text(err.Error())
		}
	}
	return fmt.Sprintf(chinese(format), args...)
}

// List puts names side by side in the language that is spoken.
func List(names []string) string {
	if Language() == language.English {
		return strings.Join(names, ", ")
	}
	return strings.Join(names, "、")
}

// chinese is a format in Chinese; the same where there is none, which a test does not let happen.
func chinese(format string) string {
	if zh := textsZH[format]; zh != "" {
		return zh
	}
	return format
}

// Error is an error with a fixed text, which it says in the language that is spoken.
type Error string

// Error implements error.
func (e Error) Error() string {
	if Language() == language.English {
		return string(e)
	}
	return chinese(string(e))
}

// Errorf is fmt.Errorf in the language that is spoken.
func Errorf(format string, args ...any) error {
	if Language() == language.English {
		return fmt.Errorf(format, args...)
	}
	for i, arg := range args {
		if err, ok := arg.(error); ok {
			args[i] = Wrap(err)
		}
	}
	return fmt.Errorf(chinese(format), args...)
}

// Wrap gives an error from elsewhere that says the same in the language that is spoken.
func Wrap(err error) error {
	if err == nil || Language() == language.English {
		return err
	}
	if _, done := errors.AsType[translated](err); done {
		return err
	}
	return translated{err}
}

// translated is an error from elsewhere in Chinese.
type translated struct{ error }

// Error implements error.
func (t translated) Error() string { return Text(t.error.Error()) }

// Unwrap gives the error as it came.
func (t translated) Unwrap() error { return t.error }
