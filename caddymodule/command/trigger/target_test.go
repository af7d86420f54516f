package trigger

import (
	"encoding/json"
	"testing"
)

// TestSearch finds the route of a message_push by what was matched on the way to it.
func TestSearch(t *testing.T) {
	for config, want := range map[string]string{
		`[{"match":[{"path":["/wechat/push"]}],"handle":[{"handler":"wechat_card","action":{"name":"message_push"}}]}]`:                                                                                                                               " /wechat/push ",
		`[{"match":[{"host":["shop.example.com"]}],"handle":[{"handler":"subroute","routes":[{"match":[{"path":["/push*"]}],"handle":[{"handler":"wechat_card","account":"default","action":{"name":"message_push","component_app_id":"wx1"}}]}]}]}]`: "shop.example.com /push wx1",
		`[{"handle":[{"handler":"wechat_card","account":"other","action":{"name":"message_push"}},{"handler":"wechat_card","action":{"name":"message_push"}}]}]`:                                                                                      " / ",
		`[{"handle":[{"handler":"wechat_card","action":{"name":"add_card"}}]}]`:                                                                                                                                                                       "",
		`[]`: "",
	} {
		var routes []route
		if err := json.Unmarshal([]byte(config), &routes); err != nil {
			t.Fatal(err)
		}
		host, path, component, found := search(routes, "default", "", "")
		got := ""
		if found {
			got = host + " " + path + " " + component
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", config, got, want)
		}
	}
}
