package activation

import (
	"testing"
)

func TestActivationOf(t *testing.T) {
	for _, tc := range []struct {
		answer string
		want   string // membership_number and the other fields; "": none
	}{
		{`{"membership_number":"M1"}`, "M1"},
		{` {"membership_number" : 0123 } `, ""},
		{`{"membership_number":123}`, "123"},
		{`{"membership_number":"a","membership_number":"b"}`, "b"},
		{`{"membership_number":"a","membership_number":null}`, ""},
		{`{"Membership_Number":"a"}`, ""},
		{
			`{"membership_number":"\u4f1a\/\ud83c\udf81","init_bonus_record":"<&>\u00e9\n","init_bonus":"","init_balance":-1.5e3,` +
				`"activate_begin_time":1700000000,"activate_end_time":"1700000001","background_pic_url":null,"bonus":1,"card_id":"p2","code":"3"}`,
			`会/🎁 init_bonus_record="<&>é\n" init_balance=-1.5e3 activate_begin_time=1700000000 activate_end_time="1700000001"`,
		},
	} {
		m, ok, err := activationOf([]byte(tc.answer))
		if err != nil {
			t.Errorf("%s: %v", tc.answer, err)
		}
		got := m.MembershipNumber
		for _, f := range m.More {
			got += " " + f.Name + "=" + string(f.Value)
		}
		if got != tc.want || ok != (tc.want != "") || m.CardID != "" || m.Code != "" {
			t.Errorf("%s: got %s, %t", tc.answer, got, ok)
		}
	}
}
