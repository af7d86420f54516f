package observe

// A slow handler of events holds up nobody.
// waiting tells how many events are not handed over yet.
func (e *Emitter) Waiting() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.queue)
}

const MaxQueuedEvents = maxQueuedEvents
