package language

import (
	"strings"
	"testing"
)

func TestPreferred(t *testing.T) {
	for accept, want := range map[string]Tag{
		"":                                      English,
		"zh":                                    Chinese,
		"zh-CN":                                 Chinese,
		"ZH-cn":                                 Chinese,
		"zh-Hans":                               Chinese,
		"zh-Hans-CN;q=0.9, zh;q=0.8":            Chinese,
		"zh-TW":                                 Chinese,
		"zh-CN,zh;q=0.9,en;q=0.8":               Chinese,
		"en-US,en;q=0.9,zh-CN;q=0.8":            English,
		"en;q=0.3, zh;q=0.5":                    Chinese,
		"zh;q=0.5, en;q=0.500":                  Chinese,
		"en, zh":                                English,
		"zh, en":                                Chinese,
		"zh;q=0":                                English,
		"zh;q=0.000, en;q=0":                    English,
		"zh;q=0.001":                            Chinese,
		"zh-CN;q=0.2, zh;q=0.9, en;q=0.5":       Chinese,
		"fr":                                    English,
		"fr, zh;q=0.1":                          Chinese,
		"fr, *;q=0.5":                           English,
		"*":                                     English,
		"zh;q=0.5, *":                           English,
		"zh, *;q=0.5":                           Chinese,
		"zh;q=0.5, *, en;q=0.1":                 Chinese,
		"zhuang":                                English,
		"zh_CN":                                 English,
		" zh-CN ; q=1.0 ":                       Chinese,
		"zh;Q=1":                                Chinese,
		"zh;q=2":                                English,
		"zh;q=1.001":                            English,
		"zh;q=-1":                               English,
		"zh;q=":                                 English,
		"zh;q=.5":                               English,
		"zh;q=0.1234":                           English,
		"zh;q=NaN":                              English,
		"zh;level=1":                            English,
		"zh;q=x, en;q=0.5":                      English,
		",,;,zh":                                Chinese,
		strings.Repeat("en;q=0.1,", 100) + "zh": Chinese,
	} {
		if got := Preferred([]string{accept}); got != want {
			t.Errorf("%q: got %s, want %s", accept, got, want)
		}
	}
	if got := Preferred([]string{"en;q=0.5", "zh"}); got != Chinese {
		t.Errorf("two fields: got %s", got)
	}
	if got := Preferred(nil); got != English {
		t.Errorf("no field: got %s", got)
	}
}

func FuzzPreferred(f *testing.F) {
	f.Add("zh-CN,zh;q=0.9,en;q=0.8")
	f.Add("*;q=0.001, zh;q=1.000")
	f.Fuzz(func(t *testing.T, accept string) {
		got := Preferred([]string{accept})
		if got == Chinese && !strings.Contains(strings.ToLower(accept), "zh") {
			t.Errorf("got Chinese for %q", accept)
		}
	})
}
