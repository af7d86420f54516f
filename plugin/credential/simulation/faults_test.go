package simulation

import "time"

// The faults of WeChat and of the way to it.
const (
	faultRefused = "connections refused"
	faultTimeout = "WeChat does not answer"
	faultLost    = "answers of WeChat are lost"
	faultSlow    = "WeChat is slow"
	faultBusy    = "WeChat is busy"
	faultMinute  = "45011"
	faultQuota   = "45009"
	faultSecret  = "40125"
)

// The faults of the store.
const (
	faultStoreFails  = "store fails"
	faultReadOnly    = "store is read-only"
	faultStoreSlow   = "store is slow"
	faultStoreHangs  = "store hangs"
	faultStoreWaits  = "store waits for the end of contexts"
	faultEmpty       = "store is empty"
	faultNoLocks     = "no locks"
	faultLocksWait   = "locks wait"
	faultStale       = "locks go stale under their holders"
	faultLate        = "writes come late"
	faultLag         = "replicas lag behind"
	faultTorn        = "records are torn"
	faultSwapped     = "answers are those to other questions"
	faultAnswersLost = "answers of the store are lost"
	faultAge         = "ages are unknown"
)

var (
	weChatFaults = []string{
		faultRefused, faultTimeout, faultLost, faultSlow, faultBusy, faultMinute, faultQuota, faultSecret,
	}
	storeFaults = []string{
		faultStoreFails, faultReadOnly, faultStoreSlow, faultStoreHangs, faultStoreWaits, faultEmpty, faultNoLocks,
		faultLocksWait, faultStale, faultLate, faultLag, faultTorn, faultSwapped, faultAnswersLost, faultAge,
	}
	allFaults = append(append([]string{}, weChatFaults...), storeFaults...)
)

// What happens to single processes, accounts and records.
const (
	incReload   = "reload"
	incKill     = "kill"
	incHolder   = "kill of a holder of the lock"
	incAll      = "restart of all"
	incReloads  = "reload of all"
	incScribble = "store scribbled over"
	incRevoke   = "token revoked"
	incSticky   = "token revoked and handed out again"
	incAddress  = "address refused"
	incCut      = "network of one process cut"
	incStall    = "process stalls"
	incRefresh  = "operator refreshes"
	incForce    = "forced refresh asked for"
)

var allIncidents = []string{
	incReload, incKill, incHolder, incAll, incReloads, incScribble, incRevoke, incSticky, incAddress, incCut, incStall,
	incRefresh, incForce,
}

// is tells whether a fault is in force.
func (w *world) is(fault string) bool { return w.faults[fault] > 0 }

// spells puts one of the faults after the other in force until the end.
func (w *world) spells(faults []string, end time.Duration) {
	if len(faults) == 0 {
		return
	}
	w.after(w.span(time.Second, 2*w.cfg.faultPause), func() {
		if w.now() >= end {
			return
		}
		fault := faults[w.rng.IntN(len(faults))]
		span := w.span(time.Second, 2*w.cfg.faultSpan)
		if w.chance(12) {
			span += w.cfg.life // beyond the end of all values
		}
		w.afflict(fault, span)
		w.after(span, func() {
			w.recover(fault)
			w.spells(faults, end)
		})
	})
}

// afflict puts a fault in force. At the latest it ends with the trouble.
func (w *world) afflict(fault string, _ time.Duration) {
	w.faults[fault]++
	w.count[fault]++
	w.note(event{what: evFault, text: fault})
	switch fault {
	case faultStoreHangs:
		w.hangs.Store(true)
	case faultLag:
		for _, n := range w.nodes {
			n.lag = w.span(0, 30*time.Second)
		}
	}
}

// recover ends a fault.
func (w *world) recover(fault string) {
	w.faults[fault]--
	w.note(event{what: evWell, text: fault})
	switch fault {
	case faultStoreHangs:
		w.hangs.Store(false)
		for _, again := range w.store.hung {
			again()
		}
		w.store.hung = nil
	case faultLag:
		for _, n := range w.nodes {
			n.lag = 0
		}
	}
}

// incidentsUntil lets one thing after the other happen.
func (w *world) incidentsUntil(end time.Duration) {
	if len(w.cfg.incidents) == 0 {
		return
	}
	w.after(w.span(time.Second, 2*w.cfg.incidentPause), func() {
		if w.now() >= end {
			return
		}
		w.incident(w.cfg.incidents[w.rng.IntN(len(w.cfg.incidents))])
		w.incidentsUntil(end)
	})
}

func (w *world) incident(what string) {
	n := w.nodes[w.rng.IntN(len(w.nodes))]
	w.count[what]++
	switch what {
	case incReload:
		w.reload(n)
	case incKill:
		w.kill(n, true)
	case incHolder:
		w.doomed = true
	case incAll:
		for _, n := range append([]*node{}, w.nodes...) {
			w.kill(n, true)
		}
	case incReloads:
		for _, n := range w.nodes {
			w.reload(n)
		}
	case incScribble:
		w.scribble()
		w.note(event{what: evFault, text: incScribble})
		w.note(event{what: evWell, text: incScribble})
	case incRevoke, incSticky:
		w.weChats[n.acct].revoke(what == incSticky)
	case incAddress:
		w.toggle(n, what, &n.refused)
	case incCut:
		w.toggle(n, what, &n.cut)
	case incStall:
		n.stalls = w.now() + w.span(time.Second, time.Minute)
		w.note(event{what: evFault, node: n.id, acct: n.acct, text: what})
		w.after(n.stalls-w.now(), func() { w.note(event{what: evWell, node: n.id, acct: n.acct, text: what}) })
	case incRefresh, incForce:
		w.ask(n, w.cfg.kinds[w.rng.IntN(len(w.cfg.kinds))], what)
	}
}

// toggle puts a fault of one process in force, or ends it.
func (w *world) toggle(n *node, what string, is *bool) {
	*is = !*is
	e := event{what: evFault, node: n.id, acct: n.acct, text: what}
	if !*is {
		e.what = evWell
	}
	w.note(e)
}

// endTrouble ends all faults of single processes and accounts.
func (w *world) endTrouble() {
	for _, n := range w.nodes {
		if n.refused {
			w.toggle(n, incAddress, &n.refused)
		}
		if n.cut {
			w.toggle(n, incCut, &n.cut)
		}
	}
	for _, weChat := range w.weChats {
		weChat.sticky = false
	}
	w.doomed = false
}
