package routes

import (
	"encoding/json"
	"regexp"
	"strings"
)

// stripping is what takes a part of the path away.
const stripping = "handle_path or uri"

// rewrite gives the path behind a rewrite.
func rewrite(st *step, at world) world {
	before, name := at, stripping
	switch {
	case len(st.URISubstring) > 0:
		at.path, at.known = replaced(st.URISubstring, at)
	case len(st.PathRegexp) > 0:
		at.path, at.known = replacedByRegexp(st.PathRegexp, at)
	case st.StripPathPrefix != "" || st.StripPathSuffix != "":
		if strings.Contains(st.StripPathPrefix+st.StripPathSuffix, "{") {
			at.known = false
			return at
		}
		at.path = strings.TrimSuffix(strings.TrimPrefix(at.path, "/"+strings.TrimPrefix(st.StripPathPrefix, "/")), st.StripPathSuffix)
		at.path = "/" + strings.TrimPrefix(at.path, "/")
	case st.URI != "":
		path, _, _ := strings.Cut(st.URI, "?")
		if path == "" {
			return at
		}
		name = "rewrite"
		if strings.Contains(path, "{http.matchers.file.relative}") {
			name = "try_files"
			if at.rel == "" {
				at.known = false
				return at
			}
		}
		path = strings.NewReplacer("{http.matchers.file.relative}", at.rel, "{http.request.uri.path}", at.path, "{http.request.uri}", at.path).Replace(path)
		if strings.Contains(path, "{") {
			at.known = false
			return at
		}
		at.path = "/" + strings.TrimPrefix(path, "/")
	}
	if at.path != before.path {
		at.changed, at.from = name, before.path
	}
	return at
}

// replaced gives the path behind `uri replace`, and whether it is known.
func replaced(raw json.RawMessage, at world) (path string, known bool) {
	var all []struct {
		Find, Replace string
		Limit         int
	}
	if !at.known || json.Unmarshal(raw, &all) != nil {
		return at.path, false
	}
	path = at.path
	for _, one := range all {
		if strings.Contains(one.Find+one.Replace, "{") {
			return at.path, false
		}
		if one.Limit == 0 {
			one.Limit = -1
		}
		path = strings.Replace(path, one.Find, one.Replace, one.Limit)
	}
	return path, true
}

// replacedByRegexp gives the path behind `uri path_regexp`, and whether it is known.
func replacedByRegexp(raw json.RawMessage, at world) (path string, known bool) {
	var all []struct{ Find, Replace string }
	if !at.known || json.Unmarshal(raw, &all) != nil {
		return at.path, false
	}
	path = at.path
	for _, one := range all {
		find, err := regexp.Compile(one.Find)
		if err != nil || strings.Contains(one.Replace, "{") {
			return at.path, false
		}
		path = find.ReplaceAllString(path, one.Replace)
	}
	return path, true
}
