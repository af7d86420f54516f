package value

import (
	"testing"
	"time"
)

var t0 = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

func at(text string, obtained, expires time.Duration) Value {
	return Value{Text: text, Obtained: t0.Add(obtained), Expires: t0.Add(expires)}
}

func TestTicketPlan(t *testing.T) {
	const life = 2 * time.Hour
	for _, tc := range []struct {
		name    string
		life    time.Duration
		learned Learned
		foreign bool

		from, spread time.Duration // after it was obtained
		lent         time.Duration // 0: lending changes nothing
	}{
		{name: "unknown", life: life, from: 18 * time.Minute, spread: time.Minute, lent: 86 * time.Minute},
		{name: "replaced once", life: life, learned: Learned{Differed: 1}, from: 48 * time.Minute, spread: time.Minute, lent: 86 * time.Minute},
		{name: "fresh", life: life, learned: Learned{Rule: RuleFresh}, from: 115 * time.Minute, spread: 75 * time.Second, lent: 86 * time.Minute},
		{name: "honest", life: life, learned: Learned{Rule: RuleHonest}, from: life + 1100*time.Millisecond},
		{name: "grid", life: life, learned: Learned{Rule: RuleGrid}, from: 18 * time.Minute, spread: time.Minute},
		{name: "grid, replaced once", life: life, learned: Learned{Rule: RuleGrid, Differed: 1}, from: 18 * time.Minute, spread: time.Minute},
		{name: "short", life: time.Minute, from: 9 * time.Second, spread: 500 * time.Millisecond, lent: 43 * time.Second},
		{name: "short, fresh", life: time.Minute, learned: Learned{Rule: RuleFresh}, from: 54 * time.Second, spread: 1500 * time.Millisecond, lent: 43 * time.Second},
		{name: "long", life: 24 * time.Hour, from: 18 * time.Minute, spread: time.Minute, lent: 22*time.Hour + 42*time.Minute},
		{name: "somebody's, unknown", life: life, foreign: true, from: 18 * time.Minute, spread: time.Minute},
		{name: "somebody's, fresh", life: life, foreign: true, learned: Learned{Rule: RuleFresh}, from: 115 * time.Minute, spread: 75 * time.Second},
		{name: "somebody's, honest", life: life, foreign: true, learned: Learned{Rule: RuleHonest}, from: 18 * time.Minute, spread: time.Minute},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := TicketPlan(at("a", 0, tc.life), tc.learned, tc.foreign)
			lent := time.Duration(0)
			if !p.Lent.IsZero() {
				lent = p.Lent.Sub(t0)
			}
			if p.From.Sub(t0) != tc.from || p.Spread != tc.spread || lent != tc.lent {
				t.Errorf("got %v, %v, %v; want %v, %v, %v", p.From.Sub(t0), p.Spread, lent, tc.from, tc.spread, tc.lent)
			}
		})
	}
}

func TestSeen(t *testing.T) {
	was := at("a", 0, 2*time.Hour)
	fresh, honest, grid := Learned{Rule: RuleFresh}, Learned{Rule: RuleHonest}, Learned{Rule: RuleGrid}
	for _, tc := range []struct {
		name    string
		before  Learned
		was     *Value
		next    Value
		learned Learned
		told    bool
	}{
		{"the first", Learned{}, nil, was, Learned{}, false},
		{"the same, its rest", Learned{}, &was, at("a", 18*time.Minute, 2*time.Hour-time.Second), honest, true},
		{"the same, a full life", Learned{}, &was, at("a", 18*time.Minute, 138*time.Minute), grid, true},
		{"the same at once", Learned{}, &was, at("a", 500*time.Millisecond, 2*time.Hour), Learned{}, false},
		{"the same past its end", Learned{}, &was, at("a", 3*time.Hour, 5*time.Hour), grid, true},
		{"another", Learned{}, &was, at("b", 18*time.Minute, 138*time.Minute), Learned{Differed: 1}, true},
		{"another again", Learned{Differed: 1}, &was, at("b", 48*time.Minute, 168*time.Minute), fresh, true},
		{"another, much later", Learned{Differed: 1}, &was, at("b", 61*time.Minute, 181*time.Minute), Learned{}, true},
		{"another from the past", Learned{Differed: 1}, &was, at("b", -time.Minute, 119*time.Minute), Learned{}, true},
		{"the same after another, its rest", Learned{Differed: 1}, &was, at("a", 48*time.Minute, 2*time.Hour), honest, true},
		{"fresh stays", fresh, &was, at("b", 18*time.Minute, 138*time.Minute), fresh, true},
		{"fresh no more", fresh, &was, at("a", 115*time.Minute, 235*time.Minute), grid, true},
		{"the clock strikes", grid, &was, at("b", 18*time.Minute, 138*time.Minute), Learned{Rule: RuleGrid, Differed: 1}, true},
		{"it has struck", Learned{Rule: RuleGrid, Differed: 1}, &was, at("a", 18*time.Minute, 138*time.Minute), grid, true},
		{"it strikes twice", Learned{Rule: RuleGrid, Differed: 1}, &was, at("b", 18*time.Minute, 138*time.Minute), fresh, true},
		{"at its end", honest, &was, at("b", 2*time.Hour+time.Second, 4*time.Hour), honest, false},
		{"long before its end", honest, &was, at("b", 18*time.Minute, 138*time.Minute), Learned{Differed: 1}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got, told := tc.before.Seen(tc.was, tc.next); got != tc.learned || told != tc.told {
				t.Errorf("got %+v, %t; want %+v, %t", got, told, tc.learned, tc.told)
			}
		})
	}
}
