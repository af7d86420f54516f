package simulation

// mutant is a Keeper that was broken on purpose.
type mutant struct {
	name    string
	changes []change
}

// change puts made in the place of old, which file has once.
type change struct{ file, old, made string }

// mutants are the Keepers that the simulation must find.
var mutants = []mutant{
	{"the lock is ignored", []change{{
		"../renewal/fly.go", "	if shareErr == nil {\n		if h, err := f.lock(", "	if shareErr != nil {\n		if h, err := f.lock(",
	}}},
	{"the store is not read again under the lock", []change{{
		"../renewal/fly.go", "	if f.unlock != nil {\n		rec, shareErr = f.read(f.env.ctx)", "	if false {\n		rec, shareErr = f.read(f.env.ctx)",
	}}},
	{"the lock is not given back", []change{{
		"../renewal/fly.go", "			defer f.unlock()\n", "			_ = f.unlock\n",
	}}},
	{"each caller makes a call of his own", []change{{
		"../ask.go", "		landed := k.group.DoChan(", "		k.group.Forget(\"\")\n		landed := k.group.DoChan(",
	}}},
	{"waiters of a failed call are not woken", []change{{
		"../ask.go", "			h, _ := r.Val.(*value.Held)\n", "			h, _ := r.Val.(*value.Held)\n			if r.Err != nil {\n				<-ctx.Done()\n			}\n",
	}}},
	{"an expired value is served", []change{{
		"../value/held.go", "h.Remaining(now) > h.Margin(kind) &&", "h.Remaining(now) > -time.Minute &&",
	}}},
	{"tickets sign to their very end", []change{{
		"../value/held.go", "	if kind == AccessToken {\n		return 0", "	if kind != \"\" {\n		return 0",
	}}},
	{"the renewal is due behind the end", []change{{
		"../value/held.go", "min(v.Expires.Sub(renewFrom)/4, renewFrom.Sub(v.Obtained)/16)", "v.Expires.Sub(renewFrom)*2",
	}}},
	{"the age of a record is not used", []change{{
		"../record/sealed.go", "	if aged {\n", "	if false {\n",
	}}},
	{"an unknown age is trusted when a record is written again", []change{{
		"../record/record.go", "	if !r.aged || stored <= 0 {\n		return 0", "	if stored <= 0 {\n		return 0",
	}}},
	{"the own clock is trusted where nobody knows the time", []change{{
		"../record/sealed.go", "	if r.untimed && !aged {", "	if false {",
	}}},
	{"a value is stored by the own clock", []change{{
		"../record/sealed.go", "h.Expires.Add(offset).UnixMilli()", "h.Expires.UnixMilli()",
	}}},
	{"the fleet's next attempt is read by the own clock", []change{{
		"../record/record.go", "	if r.aged && f.Stored > 0 {\n", "	if false {\n",
	}}},
	{"a rejection is lost", []change{{
		"../state/dead.go", "cur.Text == text && !cur.Refused.Swap(true) {", "cur.Text == text && cur.Refused.Load() {",
	}}},
	{"a refused value is taken from the store again", []change{{
		"../state/dead.go", "	if !cur.IsRefused() {\n		return false", "	if true {\n		return false",
	}}},
	{"what nobody has looked at for long is served", []change{{
		"../get.go", "			if k.overlooked(h, now) {\n", "			if false {\n",
	}}},
	{"an older value is adopted", []change{
		{"../state/adopt.go", "	newer := cur == nil || h.Obtained.After(cur.Obtained)\n", "	newer := true\n"},
		{"../state/land.go", "	if cur.Usable(now, m.kind) && cur.Obtained.After(h.Obtained) {", "	if false {"},
	}},
	{"a record of another account or credential is taken", []change{{
		"../record/sealed.go", "	return name + \"|\" +", "	return \"|\" +",
	}}},
	{"a failure is not told to the fleet", []change{{
		"../renewal/save.go", "	if ofWeChat && e.AccountWide() &&", "	if false && ofWeChat && e.AccountWide() &&",
	}}},
	{"a failure is forgotten at once", []change{{
		"../state/block.go", "	if now.Before(m.block.until) && until.Before(m.block.until) {", "	if false {",
	}}},
	{"the waits between attempts do not grow", []change{{
		"../pace/wait.go", "	b.Multiplier = 2\n", "	b.Multiplier = 1\n",
	}}},
	{"an inherited failure stays", []change{{
		"../state/land.go", "		other.disinherit()\n", "		_ = other\n",
	}}},
	{"the cap on forced refreshes is ignored", []change{{
		"../pace/calls.go", "c.Forced >= MaxForcedADay || ", "",
	}}},
	{"forced refreshes come one right after the other", []change{{
		"../pace/calls.go", " || now.Sub(time.UnixMilli(c.LastForced)).Abs() < ForcedApart {", " {",
	}}},
	{"an attempt of a refused address bars the others", []change{{
		"../address/address.go", "	if now.Before(a.until) {\n		return a.until, a.err", "	if now.Before(a.until) || a.under != nil {\n		return a.until, a.err",
	}}},
	{"a refused address is not remembered", []change{{
		"../address/address.go", "		a.until = now.Add(pace.Setup(a.count))\n", "		a.until = now.Add(0 * pace.Setup(a.count))\n",
	}}},
	{"what is lent is said to live its whole life", []change{{
		"../lend.go", "			left = h.Remaining(now)\n", "			left = h.Expires.Sub(h.Obtained)\n",
	}}},
}
