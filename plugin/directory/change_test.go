package directory_test

import (
	"errors"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
)

func TestList(t *testing.T) {
	hidden := newFake("hidden", id(7), "")
	hidden.readOnly = true
	down := newFake("down", id(5), "late")
	down.err = errDown
	d := open(newFake("first", id(3), "tea", id(0), "x"), hidden, newFake("second", id(2), "tea", id(3), "milk", id(1), "default"), down)
	list, err := d.List(t.Context())
	if !errors.Is(err, errDown) || len(list) != 4 {
		t.Fatalf("got %+v, %v", list, err)
	}
	for i, alias := range []string{"", "", "tea", "late"} { // of an app id in two sources the first counts, of an alias, too
		if e := list[i]; e.Alias != alias || i > 0 && list[i-1].AppID >= e.AppID {
			t.Errorf("%d: got %+v", i, e)
		}
	}
}

func TestPut(t *testing.T) {
	readOnly, first, second := newFake("read-only", id(8), ""), newFake("first", id(1), "tea"), newFake("second", id(2), "milk")
	readOnly.readOnly = true
	d := open(readOnly, first, second)
	for _, tc := range []struct {
		source, appID, object string
		want                  error
		in                    *fake
	}{
		{"", id(3), `{"alias":"cocoa"}`, nil, first},
		{"", id(2), `{"alias":"milk"}`, nil, second}, // stays where it is
		{"", id(2), `{}`, nil, second},
		{"second", id(4), `{"alias":"milk"}`, nil, second}, // is free now
		{"first", id(1), `{"alias":"tea"}`, nil, first},
		{"", id(8), `{}`, directory.ErrReadOnly, nil}, // another source would have it in vain
		{"read-only", id(5), `{}`, directory.ErrReadOnly, nil},
		{"third", id(5), `{}`, directory.ErrNoSource, nil},
		{"", "../x", `{}`, new(object.Fault), nil},
		{"", id(0), `{}`, new(object.Fault), nil},
		{"", id(5), `{"alias":"tea"}`, new(object.Fault), nil},
		{"", id(5), `{"alias":"default"}`, new(object.Fault), nil},
		{"", id(5), `{"secret":"x"}`, new(object.Fault), nil},
		{"", id(5), `[`, new(object.Fault), nil},
	} {
		_, _ = d.Find(t.Context(), tc.appID, "") // so that something is remembered
		_, _ = d.Find(t.Context(), "cocoa", "")
		err := d.Put(t.Context(), tc.source, tc.appID, []byte(tc.object))
		if _, isFault := tc.want.(*object.Fault); isFault {
			if !errors.As(err, new(*object.Fault)) {
				t.Errorf("%+v: got %v", tc, err)
			}
			continue
		}
		if !errors.Is(err, tc.want) {
			t.Errorf("%+v: got %v", tc, err)
			continue
		}
		if tc.want == nil {
			want(t, d, tc.appID, tc.appID) // at once
			if _, ok := tc.in.entries[tc.appID]; !ok {
				t.Errorf("%+v: it is not there", tc)
			}
		}
	}
	want(t, d, "cocoa", id(3))
	want(t, d, "milk", id(4))
	if err := open(readOnly).Put(t.Context(), "", id(5), []byte("{}")); !errors.Is(err, directory.ErrNoSource) {
		t.Errorf("got %v", err)
	}
}

func TestRemove(t *testing.T) {
	readOnly, first, second := newFake("read-only", id(8), ""), newFake("first", id(1), "tea"), newFake("second", id(1), "", id(2), "")
	readOnly.readOnly = true
	d := open(readOnly, first, second)
	want(t, d, "tea", id(1))
	for _, tc := range []struct {
		appID string
		want  error
		left  string
	}{
		{id(1), nil, id(1)}, // in the other source
		{id(1), nil, ""},
		{id(1), directory.ErrUnknown, ""},
		{id(2), nil, ""},
		{id(8), directory.ErrReadOnly, id(8)},
		{"tea", directory.ErrUnknown, ""},
	} {
		if err := d.Remove(t.Context(), tc.appID); !errors.Is(err, tc.want) {
			t.Errorf("%+v: got %v", tc, err)
		}
		want(t, d, tc.appID, tc.left)
	}
	first.set(id(5), "")
	first.fail(&directory.Broken{Name: id(5), Err: errDown})
	if err := d.Remove(t.Context(), id(5)); err != nil || len(first.entries) != 0 {
		t.Errorf("broken data: %v", err)
	}
	first.fail(errDown)
	if err := d.Remove(t.Context(), id(5)); !errors.Is(err, errDown) {
		t.Errorf("got %v", err)
	}
}
