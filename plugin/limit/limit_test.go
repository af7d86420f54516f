package limit

import "testing"

func TestLimitsOfAReloadFillNoBucket(t *testing.T) {
	var b Bucket
	b.Set("decrypt", 3)
	for range 3 {
		if err := b.Take(); err != nil {
			t.Fatal(err)
		}
	}
	b.Set("decrypt", 3)
	if err := b.Take(); err == nil {
		t.Error("the same limits set again filled the bucket")
	}
	b.Set("decrypt", 600)
	if got := b.perMinute; got != 600 {
		t.Errorf("%d a minute", got)
	}
}
