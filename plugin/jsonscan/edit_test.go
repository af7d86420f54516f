package jsonscan

import (
	"testing"
)

func TestRewriteObject(t *testing.T) {
	for _, tc := range []struct{ object, want string }{
		{`{}`, `{}`},
		{`{ }`, `{ }`},
		{`{"x":1}`, `{}`},
		{`{ "x" : 1 }`, `{  }`},
		{`{"x":1,"x":[2],"x":{"x":3}}`, `{}`},
		{`{"x":1, "a":2 ,"x":3}`, `{"a":2}`},
		{`{"a":1 , "x":2 , "b":3}`, `{"a":1 , "b":3}`},
		{`{"a":{"x":1},"b":["x",{"x":2}] }`, `{"a":{"x":1},"b":["x",{"x":2}] }`},
		{`{"r":"\"}" , "x":"]","r":0}`, `{"r":true,"r":true}`},
	} {
		got := RewriteObject(nil, []byte(tc.object), func(name string, value []byte) []byte {
			switch name {
			case "x":
				return nil
			case "r":
				return []byte("true")
			}
			return value
		})
		if string(got) != tc.want {
			t.Errorf("%s: got %s, want %s", tc.object, got, tc.want)
		}
	}
}
