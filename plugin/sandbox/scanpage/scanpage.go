// Package scanpage is WeChat's pages where the owner of an account scans a code and authorises a third-party platform, on a computer and
// in WeChat. Whoever looks at one is the owner, and chooses which account it is; or the owner is at the sandbox's phone.
package scanpage

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/wire"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/world"
)

// The pages: WeChat's on computers, in WeChat, and in WeChat as it was, and what the owner's choices lead to.
const (
	desktopPath = "/cgi-bin/componentloginpage"
	mobilePath  = "/wxaopen/safe/bindcomponent"
	olderPath   = "/safe/bindcomponent"

	choicePath  = desktopPath + "/choice"
	confirmPath = desktopPath + "/confirm"
	waitPath    = desktopPath + "/wait"
)

const maxListed = 50 // accounts to choose from

// IsWanted says whether a request is for one of these pages.
func IsWanted(r *http.Request) bool {
	return slices.Contains([]string{desktopPath, mobilePath, olderPath, choicePath, confirmPath, waitPath}, r.URL.Path)
}

// Serve answers with a page, or sends the owner back to the platform.
func Serve(w *world.World, rw http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		rw.Header().Set("Allow", "GET, HEAD")
		refuse(rw, http.StatusMethodNotAllowed, "want GET")
		return
	}
	w.Lock()
	defer w.Unlock()
	q := r.URL.Query()
	switch r.URL.Path {
	case choicePath, confirmPath, waitPath:
		sc, found := w.Platform.Scan(q.Get("request"))
		switch {
		case !found:
			refuse(rw, http.StatusNotFound, "no such request waits: open the platform's page again")
		case r.URL.Path == waitPath:
			rw.Header().Set("Cache-Control", "no-store")
			wire.WriteJSON(rw, http.StatusOK, map[string]string{"to": sc.To})
		case r.URL.Path == choicePath:
			choose(w, rw, sc, q.Get("app_id"))
		default:
			confirm(w, rw, sc, q)
		}
	default:
		open(w, rw, r, q)
	}
}

// open is WeChat's page. That the address ended in #wechat_redirect no server can see.
func open(w *world.World, rw http.ResponseWriter, r *http.Request, q url.Values) {
	c, found := w.Platform.Component(q.Get("component_appid"))
	mobile := r.URL.Path != desktopPath
	switch {
	case q.Get("component_appid") == "" || !found:
		refuse(rw, http.StatusBadRequest, "component_appid 无效 (invalid)")
		return
	case mobile && (q.Get("action") != "bindcomponent" || q.Get("no_scan") != "1"):
		refuse(rw, http.StatusBadRequest, "want action=bindcomponent and no_scan=1")
		return
	}
	sc, err := w.Platform.Open(platform.Scan{
		Component: c, PreAuth: q.Get("pre_auth_code"), RedirectURI: q.Get("redirect_uri"), AuthType: q.Get("auth_type"), AppID: q.Get("biz_appid"),
		Sets: categories(q.Get("category_id_list")),
	}, refererOf(r), w.Now())
	if err != nil {
		refuse(rw, http.StatusBadRequest, err.Error())
		return
	}
	all := w.Platform.Candidates(sc)
	show(rw, http.StatusOK, accountsPage, map[string]any{
		"Component": c.ID, "Mobile": mobile, "Request": sc.Name, "Accounts": all[:min(len(all), maxListed)], "Any": sc.AppID == "",
		"Choice": choicePath, "Wait": waitPath + "?request=" + sc.Name,
	})
}

// refererOf is the host of the page that led here; "": nobody says.
func refererOf(r *http.Request) string {
	u, err := url.Parse(r.Referer())
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// categories reads category_id_list: the permission sets that the platform asks for; nil: all.
func categories(text string) (sets []int) {
	for part := range strings.SplitSeq(text, "|") {
		if n, err := strconv.Atoi(part); err == nil {
			sets = append(sets, n)
		}
	}
	return sets
}

// set is a permission set to choose.
type set struct {
	ID   int
	Name string
}

// choose asks the owner which permission sets he grants.
func choose(w *world.World, rw http.ResponseWriter, sc *platform.Scan, appID string) {
	m, err := w.Platform.Merchant(appID)
	if err != nil {
		refuse(rw, http.StatusBadRequest, err.Error())
		return
	}
	var sets []set
	for _, id := range sc.SetsOf(m) {
		sets = append(sets, set{id, platform.SetNames[id]})
	}
	show(rw, http.StatusOK, setsPage, map[string]any{
		"Component": sc.Component.ID, "Name": m.Name, "AppID": m.AppID, "Request": sc.Name, "Sets": sets, "Confirm": confirmPath,
	})
}

// confirm is what follows when the owner has agreed.
func confirm(w *world.World, rw http.ResponseWriter, sc *platform.Scan, q url.Values) {
	sets := []int{}
	for _, text := range q["set"] {
		n, err := strconv.Atoi(text)
		if err != nil {
			refuse(rw, http.StatusBadRequest, "set is no number")
			return
		}
		sets = append(sets, n)
	}
	event, err := w.Platform.Confirm(sc, q.Get("app_id"), sets, w.Now())
	if err != nil {
		refuse(rw, http.StatusBadRequest, err.Error())
		return
	}
	w.Push(event)
	rw.Header().Set("Cache-Control", "no-store")
	rw.Header().Set("Location", sc.To)
	rw.WriteHeader(http.StatusFound)
}
