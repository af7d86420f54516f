package recording

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Compare tells in what a sandbox's answer differs from one that was recorded, a line each: other fields, other types, another
// errcode. Lengths, and how many elements an array has, may differ. Either may be a shape, or an answer as it came.
func Compare(recorded, answer []byte) []string {
	var a, b any
	if err := json.Unmarshal(Redact(Fill(recorded)), &a); err != nil {
		return []string{"what was recorded cannot be read"}
	}
	if err := json.Unmarshal(Redact(Fill(answer)), &b); err != nil {
		return []string{"the answer cannot be read"}
	}
	return compare("", a, b)
}

func compare(path string, a, b any) (found []string) {
	if kindOf(a) != kindOf(b) {
		return []string{fmt.Sprintf("%s: recorded %s, got %s", path, kindOf(a), kindOf(b))}
	}
	switch a := a.(type) {
	case map[string]any:
		b := b.(map[string]any)
		names := slices.Collect(maps.Keys(a))
		names = append(names, slices.Collect(maps.Keys(b))...)
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			va, inA := a[name]
			vb, inB := b[name]
			switch {
			case !inB:
				found = append(found, fmt.Sprintf("%s.%s: recorded, and not there", path, name))
			case !inA:
				found = append(found, fmt.Sprintf("%s.%s: not recorded", path, name))
			default:
				found = append(found, compare(path+"."+name, va, vb)...)
			}
		}
	case []any:
		if b := b.([]any); len(a) > 0 && len(b) > 0 {
			found = compare(path+"[]", a[0], b[0])
		}
	case float64: // an errcode
		if a != b.(float64) {
			found = []string{fmt.Sprintf("%s: recorded %v, got %v", path, a, b)}
		}
	}
	return found
}

// kindOf names the type of a value that Redact has left.
func kindOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case float64:
		return "errcode"
	case string:
		if len(v) > len("<number") && v[:len("<number")] == "<number" {
			return kindNumber
		}
		return kindString
	}
	return "something else"
}
