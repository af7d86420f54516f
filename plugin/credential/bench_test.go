package credential

import "testing"

func BenchmarkGet(b *testing.B) {
	n := newNode(b, newFake(), nodeOptions{})
	n.get(b, APITicket)
	k := n.Keeper(APITicket)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Get(ctx, n.env); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGetParallel(b *testing.B) {
	n := newNode(b, newFake(), nodeOptions{})
	n.get(b, APITicket)
	k := n.Keeper(APITicket)
	ctx := b.Context()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := k.Get(ctx, n.env); err != nil {
				b.Fatal(err)
			}
		}
	})
}
