package language_test

import (
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/language"
)

func TestAddChinese(t *testing.T) {
	const own, part = "the stock of %s is unknown: %s", "nobody counts it"
	t.Cleanup(func() {
		delete(language.TextsZH, own)
		delete(language.TextsZH, part)
	})
	texts := map[language.Phrase]string{own: "%s 的库存未知：%s", part: "无人清点"}
	language.AddChinese(texts)
	message := language.Message{Format: own, Args: []any{"p1", language.Phrase(part)}}
	if got := message.In(language.Chinese); got != "p1 的库存未知：无人清点" {
		t.Errorf("got %q", got)
	}
	if got := message.In(language.English); got != "the stock of p1 is unknown: nobody counts it" {
		t.Errorf("got %q", got)
	}
	language.AddChinese(texts)                                        // two modules may have the same
	language.AddChinese(map[language.Phrase]string{"%s %s": "%s %s"}) // and one the same as we
}

func TestAddChineseOfAPhraseThatIsThere(t *testing.T) {
	defer func() {
		if said, _ := recover().(string); !strings.Contains(said, `"Forbidden"`) || language.TextsZH["Forbidden"] != "禁止访问" {
			t.Errorf("it says %q, and has %q", said, language.TextsZH["Forbidden"])
		}
	}()
	language.AddChinese(map[language.Phrase]string{"Forbidden": "不行"})
}
