package directory_test

import "testing"

// BenchmarkFind is what a request costs whose account is known: in the last of four sources, by its app id and by its alias.
func BenchmarkFind(b *testing.B) {
	last := newFake("last", id(1), "tea")
	d := open(newFake("a"), newFake("b"), newFake("c"), last)
	for _, name := range []string{id(1), "tea"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := d.Find(b.Context(), name, "203.0.113.0/24"); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
