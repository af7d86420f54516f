package routes

import (
	"encoding/json"
	"regexp"
	"strings"
)

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
