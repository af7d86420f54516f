package say

import "maps"

// Tables are all texts with their Chinese.
func Tables() map[string]string {
	all := maps.Clone(textsZH)
	maps.Copy(all, elsewhereZH)
	maps.Copy(all, helpZH)
	return all
}
