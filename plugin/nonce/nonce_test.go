package nonce

import (
	"math"
	"strings"
	"testing"
)

func check(t *testing.T, nonce string) {
	t.Helper()
	if len(nonce) != Len || strings.Trim(nonce, letters) != "" {
		t.Fatalf("got %q", nonce)
	}
}

// TestNew wants each letter to be as likely as any other at each place.
func TestNew(t *testing.T) {
	const n = 20_000
	var counts [Len]map[byte]int
	for i := range counts {
		counts[i] = make(map[byte]int)
	}
	seen := make(map[string]bool)
	for range n {
		nonce := New()
		check(t, nonce)
		if seen[nonce] {
			t.Fatalf("%s came twice", nonce)
		}
		seen[nonce] = true
		for i := range Len {
			counts[i][nonce[i]]++
		}
	}
	mean := float64(n) / float64(len(letters))
	for i, count := range counts {
		for j := range len(letters) {
			if got := float64(count[letters[j]]); math.Abs(got-mean) > 7*math.Sqrt(mean) {
				t.Errorf("%c stands at %d %v times, want about %v", letters[j], i, got, mean)
			}
		}
	}
}

func TestSeparating(t *testing.T) {
	never := func(string) bool { return false }
	always := func(string) bool { return true }
	for _, prefix := range []string{"", "oz", "ozzzzzzzzz"} {
		nonce, ok := Separating([]byte(prefix), never)
		check(t, nonce)
		if other, _ := Separating([]byte(prefix), never); !ok || !strings.HasPrefix(nonce, prefix) || other == nonce {
			t.Errorf("%q: got %q, %q", prefix, nonce, other)
		}
		if nonce, ok := Separating([]byte(prefix), always); ok || nonce != "" {
			t.Errorf("%q: got %q though each is misread", prefix, nonce)
		}
	}
	if _, ok := Separating([]byte("ozzzzzzzzzz"), never); ok {
		t.Error("21 random letters are too few")
	}

	// Until one will do.
	drawn := 0
	nonce, ok := Separating(nil, func(nonce string) bool { drawn++; return nonce[0] > '9' })
	if check(t, nonce); !ok || nonce[0] > '9' || drawn < 1 {
		t.Errorf("got %q after %d", nonce, drawn)
	}
}

// TestBits counts what is left when all are drawn twice that can be drawn: no nonce is likelier than the sum of what each draw
// gives it.
func TestBits(t *testing.T) {
	letter := 1 / float64(len(letters))
	likeliest := 2 * lastDraws * math.Pow(letter, Len-maxPrefix)
	for prefix := 1; prefix < maxPrefix; prefix++ {
		likeliest += 2 * draws * math.Pow(letter, float64(Len-prefix))
	}
	if bits := -math.Log2(likeliest); bits < 128 {
		t.Errorf("%.2f bits are left", bits)
	}
	for prefix := range maxPrefix + 2 {
		tries := 0
		Separating([]byte(strings.Repeat("z", prefix)), func(string) bool { tries++; return true })
		want := (maxPrefix-prefix)*draws + lastDraws
		switch {
		case prefix == 0:
			want = allDraws
		case prefix > maxPrefix:
			want = 0
		}
		if tries != want {
			t.Errorf("%d are drawn with a prefix of %d, want %d", tries, prefix, want)
		}
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = New()
	}
}
