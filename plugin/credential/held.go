package credential

// Held gives the values in memory, the current one first, then the one before it; ended and refused ones too. It fetches
// nothing.
func (k *Keeper) Held() []Value {
	k.mu.Lock()
	defer k.mu.Unlock()
	var values []Value
	if cur := k.current(); cur != nil {
		values = append(values, cur.Value)
	}
	if k.previous != nil {
		values = append(values, k.previous.Value)
	}
	return values
}
