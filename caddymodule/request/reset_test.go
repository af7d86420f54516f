package request

import (
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/field"
)

func TestResetKeepsNothing(t *testing.T) {
	q := new(Cards)
	sh := Shape{Fields: field.SetOf(field.OuterStr, field.Code), IDList: true, Cards: true, Max: 10}
	if err := q.readJSON([]byte(`{"cards":[{"card_id":"p1","code":"1"},{"card_id":"p2"}]}`), &sh); err != nil {
		t.Fatal(err)
	}
	q.Reset()
	if err := q.readPairs("card_id=p3", &sh, false); err != nil {
		t.Fatal(err)
	}
	if len(q.IDs) != 1 || len(q.Own) != 0 || *q.Texts(0) != (field.Texts{}) || q.IDs[:2][1] != "" || q.Own[:2][0] != (field.Texts{}) {
		t.Errorf("got %+v", q)
	}
}
