package object_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/sealed"
)

const (
	appID  = "wx5a6d8b2c4e1f3a70"
	secret = "0123456789abcdef0123456789abcdef"
	aesKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
)

const whole = `{"app_id":"` + appID + `","alias":"tea-house","key":"0123456789abcdef","app_secret":"` + secret + `",
	"token_source":"classic","force_refresh":"off","mini_program":[{"app_id":"wx0000000000000001","app_secret":"s1"}],
	"message_push":{"token":"tok","encoding_aes_key":"` + aesKey + `"},"limit":{"decrypt":5,"geturl":6,"login":7,"activation":8}}`

func TestParse(t *testing.T) {
	a, err := object.Parse([]byte("\xEF\xBB\xBF"+whole), nil)
	if err != nil {
		t.Fatal(err)
	}
	if a.AppID != appID || a.Alias != "tea-house" || a.Key != "0123456789abcdef" || len(a.Version) != 32 {
		t.Errorf("got %+v", a)
	}
	var got, want any
	if json.Unmarshal(a.Whole, &got) != nil || json.Unmarshal([]byte(whole), &want) != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %s", a.Whole)
	}

	again, err := object.Parse([]byte(`{ "app_secret":"`+secret+`" , "app_id":"`+appID+`" }`), nil)
	if err != nil || again.Version == a.Version || again.Alias != "" {
		t.Errorf("got %+v, %v", again, err)
	}
	source, err := object.Parse([]byte(`{"token_source":{"source":"stable"},"app_id":"`+appID+`","app_secret":"`+secret+`"}`), nil)
	if err != nil || !strings.Contains(string(source.Whole), `"token_source":"stable"`) {
		t.Errorf("got %+v, %v", source, err)
	}
}

func TestSealedValues(t *testing.T) {
	keys, err := sealed.New(strings.Repeat("k", 32))
	if err != nil {
		t.Fatal(err)
	}
	seal := func(text string) string {
		out, err := keys.Seal(text)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	text := strings.NewReplacer(`"`+secret, `"`+seal(secret), `"s1"`, `"`+seal("s1")+`"`, `"tok"`, `"`+seal("tok")+`"`, aesKey, seal(aesKey)).Replace(whole)
	a, err := object.Parse([]byte(text), keys)
	plain, _ := object.Parse([]byte(whole), nil)
	if err != nil || a.Version != plain.Version || string(a.Whole) != string(plain.Whole) {
		t.Errorf("got %+v, %v", a, err)
	}
	for name, text := range map[string]string{
		"placeholder": strings.Replace(whole, secret, seal("{env.X}"), 1),
		"no key":      strings.Replace(whole, secret, "sealed:AAAA", 1),
		"alias":       strings.Replace(whole, "tea-house", seal("tea"), 1),
		"app_id":      strings.Replace(whole, appID, seal(appID), 1),
	} {
		if a, err := object.Parse([]byte(text), keys); err == nil {
			t.Errorf("%s: got %+v", name, a)
		}
	}
	var fault *object.Fault
	if _, err := object.Parse([]byte(text), nil); !errors.As(err, &fault) || !strings.Contains(fault.Text, "seal_key") {
		t.Errorf("without a key: %v", err)
	}
}

func TestFaults(t *testing.T) {
	replaced := func(old, by string) string { return strings.Replace(whole, old, by, 1) }
	for name, tc := range map[string]struct{ text, field, says string }{
		"empty":             {"", "", "no JSON object"},
		"list":              {"[]", "", "no JSON object"},
		"cut":               {whole[:len(whole)-20], "", "too early"},
		"two":               {whole + "{}", "", "followed"},
		"no UTF-8":          {replaced("tok", "\xff"), "", "UTF-8"},
		"long":              {replaced("tok", strings.Repeat("x", object.MaxSize)), "", "longer"},
		"unknown":           {replaced("limit", "limits"), "limits", "unknown here"},
		"other case":        {replaced("app_secret", "App_Secret"), "App_Secret", "unknown here"},
		"ticket_source":     {replaced("limit", "ticket_source"), "ticket_source", "connect to nobody"},
		"twice":             {replaced(`"alias"`, `"key":"0123456789abcdef","alias"`), "key", "twice"},
		"no app_id":         {replaced(`"app_id":"`+appID+`",`, ""), "app_id", "missing"},
		"capitals":          {replaced(appID, strings.ToUpper(appID[:17])+"0"), "app_id", "no app_id"},
		"path":              {replaced(appID, "../../etc/passwd"), "app_id", "no app_id"},
		"no secret":         {replaced(`"app_secret":"`+secret+`",`, ""), "app_secret", "missing"},
		"null":              {replaced(`"`+secret+`"`, "null"), "app_secret", "no text"},
		"number":            {replaced(`"`+secret+`"`, "123456789"), "app_secret", "no text"},
		"empty secret":      {replaced(`"`+secret+`"`, `""`), "app_secret", "empty"},
		"blank":             {replaced(secret, "a b"), "app_secret", "blanks"},
		"placeholder":       {replaced(secret, "{env.HOME}"), "app_secret", "braces"},
		"alias of app_id":   {replaced("tea-house", "wx0000000000000002"), "alias", "looks like"},
		"alias":             {replaced("tea-house", "Tea"), "alias", "a-z"},
		"long alias":        {replaced("tea-house", strings.Repeat("a", 64)), "alias", "63"},
		"short key":         {replaced("0123456789abcdef\",\"app", "0123456789abcde\",\"app"), "key", "shorter"},
		"token_source":      {replaced("classic", "none"), "token_source", "stable or classic"},
		"remote":            {replaced(`"classic"`, `{"source":"remote","url":"http://x"}`), "token_source.url", "unknown"},
		"empty source":      {replaced(`"classic"`, `{}`), "token_source.source", "missing"},
		"force_refresh":     {replaced(`"off"`, "false"), "force_refresh", "no text"},
		"program":           {replaced("wx0000000000000001", "wx1"), "mini_program[0].app_id", "no app_id"},
		"program secret":    {replaced(`,"app_secret":"s1"`, ""), "mini_program[0].app_secret", "missing"},
		"programs":          {replaced(`[{"app_id":"wx0000000000000001","app_secret":"s1"}]`, "{}"), "mini_program", "array"},
		"aes key":           {replaced(aesKey, "short"), "message_push.encoding_aes_key", "43"},
		"push":              {replaced(`"token":"tok",`, ""), "message_push.token", "missing"},
		"push is a text":    {replaced(`{"token":"tok","encoding_aes_key":"`+aesKey+`"}`, `"tok"`), "message_push", "no JSON object"},
		"limit":             {replaced(`"decrypt":5`, `"decrypt":0`), "limit.decrypt", "number"},
		"limit is a text":   {replaced(`"decrypt":5`, `"decrypt":"5"`), "limit.decrypt", "number"},
		"unknown in a part": {replaced(`"decrypt":5`, `"decrypts":5`), "limit.decrypts", "unknown"},
	} {
		a, err := object.Parse([]byte(tc.text), nil)
		var fault *object.Fault
		if !errors.As(err, &fault) || fault.Field != tc.field || !strings.Contains(fault.Text, tc.says) {
			t.Errorf("%s: got %+v, %v", name, a, err)
			continue
		}
		for _, hidden := range []string{secret, "0123456789abcdef", aesKey, "env.HOME", "123456789"} {
			if strings.Contains(err.Error(), hidden) {
				t.Errorf("%s: %v shows a value", name, err)
			}
		}
	}
}

func TestSettings(t *testing.T) {
	for text, want := range map[string]string{
		"":   `{"app_id":"` + appID + `"}`,
		"{}": `{"app_id":"` + appID + `"}`,
		`{"app_id":"` + appID + `","alias":"tea","limit":{"login":3}}`: `{"app_id":"` + appID + `","alias":"tea","limit":{"login":3}}`,
	} {
		a, err := object.ParseSettings(appID, []byte(text), nil)
		if err != nil || string(a.Whole) != want || a.AppID != appID {
			t.Errorf("%s: got %+v, %v", text, a, err)
		}
	}
	for _, text := range []string{`{"app_secret":"x"}`, `{"app_id":"wx0000000000000001"}`, `{"message_push":{"token":"t"}}`, "[]"} {
		if a, err := object.ParseSettings(appID, []byte(text), nil); err == nil {
			t.Errorf("%s: got %+v", text, a)
		}
	}
}

func TestShow(t *testing.T) {
	a, err := object.Parse([]byte(whole), nil)
	if err != nil {
		t.Fatal(err)
	}
	shown := object.Show(a.Whole)
	text, _ := json.Marshal(shown)
	for _, hidden := range []string{secret, `"s1"`, `"tok"`, aesKey, a.Key} {
		if strings.Contains(string(text), hidden) {
			t.Errorf("%s shows %s", text, hidden)
		}
	}
	want := "app_secret key mini_program[0].app_secret message_push.token message_push.encoding_aes_key"
	if got := strings.Join(shown.Secrets, " "); got != want || shown.MiniPrograms[0] != "wx0000000000000001" || shown.TokenSource != "classic" {
		t.Errorf("got %s", text)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string][2]bool{
		appID: {true, false}, "tea": {false, true}, "1": {false, true}, "-": {false, true}, strings.Repeat("a", 63): {false, true},
		strings.Repeat("a", 64): {}, "": {}, "wx5A6D8B2C4E1F3A70": {}, "Tea": {}, "a.b": {}, "../x": {}, "a*": {}, "a:b": {}, "tea\n": {}, "a_b": {}, "茶": {}, "wx": {false, true},
	} {
		if got := [2]bool{object.IsAppID(name), object.IsAlias(name)}; got != want || object.IsName(name) != (want[0] || want[1]) {
			t.Errorf("%q: got %v", name, got)
		}
	}
}
