package stored

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

func TestJSON(t *testing.T) {
	for _, tc := range []struct{ name, stored, want string }{ // want: JSON, or what the error says behind "! "
		{"token", "65_Ab-c", `"65_Ab-c"`},
		{"token in a line", "\uFEFF 65_Ab-c\r\n", `"65_Ab-c"`},
		{"JSON text", ` "T" `, `"T"`},
		{"JSON", "\uFEFF{\"a\": 1}\n", `{"a": 1}`},
		{"JSON in JSON in JSON", `"\"{\\\"a\\\":1}\""`, `{"a":1}`},
		{"too many layers", string(quoted(`{"a":1}`, 5)), "! too often"},
		{"PHP text", `s:1:"T";`, `"T"`},
		{"PHP text with quotes in it", `s:5:"a";"b";`, `"a\";\"b"`},
		{"PHP number", `i:-5;`, `-5`},
		{"PHP float", `d:0.5;`, `0.5`},
		{"PHP infinity", `d:INF;`, `null`},
		{"PHP null", `N;`, `null`},
		{"PHP true", `b:1;`, `true`},
		{"PHP array", `a:3:{s:1:"a";s:1:"T";i:0;N;s:1:"b";a:0:{}}`, `{"a":"T","0":null,"b":{}}`},
		{"PHP object", "O:8:\"stdClass\":3:{s:1:\"a\";s:1:\"T\";s:4:\"\x00*\x00b\";i:1;s:11:\"\x00App\\Foo\x00cc\";b:0;}", `{"a":"T","b":1,"cc":false}`},
		{"PHP reference", `a:2:{i:0;a:1:{i:0;i:1;}i:1;R:2;}`, `{"0":{"0":1},"1":null}`},
		{"ThinkPHP 5", `think_serialize:a:1:{s:1:"a";s:1:"T";}`, `{"a":"T"}`},
		{"JSON that PHP serialised", `s:7:"{"a":1}";`, `{"a":1}`},
		{"Symfony with tags", "O:1:\"\xA9\":3:{s:6:\"\x00\x01\x02;\xff\"\";s:1:\"T\";i:0;s:3:\"tag\";i:1;a:0:{}}", `"T"`},
		{"Symfony before 6.1", "a:1:{s:10:\"\x9Dabcd\x00123_\";a:1:{s:1:\"a\";s:1:\"T\";}}", `{"a":"T"}`},

		{"nothing", " \n", "! empty"},
		{"sentence", "no token", "! neither"},
		{"JSON cut", `{"a":`, "! JSON and is none"},
		{"fastjson's long", `{"a":7200L}`, "! JSON and is none"},
		{"PHP, too long", `s:9:"T";`, "! PHP"},
		{"PHP, too short", `s:1:"TT";`, "! PHP"},
		{"PHP, negative", `s:-1:"T";`, "! PHP"},
		{"PHP, more behind", `s:1:"T";x`, "! PHP"},
		{"PHP, a member missing", `a:2:{i:0;i:1;}`, "! PHP"},
		{"PHP, a member too many", `a:0:{i:0;i:1;}`, "! PHP"},
		{"PHP, members without end", `a:999999:{i:0;i:1;`, "! PHP"},
		{"PHP, a class that unserializes itself", `C:1:"A":2:{xx}`, "! neither"},
		{"PHP, too deep", strings.Repeat(`a:1:{i:0;`, 20) + "N;" + strings.Repeat("}", 20), "! nested too deeply"},
		{"Java", "\xac\xed\x00\x05t\x00\x01T", "! Java serialization"},
		{"igbinary, old", "\x00\x00\x00\x01\x11\x01T", "! igbinary"},
		{"igbinary, cut", "\x00\x00\x00\x02\x11\x02T", "! igbinary"},
		{"igbinary, more behind", "\x00\x00\x00\x02\x11\x01TT", "! igbinary"},
		{"igbinary, members without end", "\x00\x00\x00\x02\x16\xff\xff\xff\xff\x06\x00\x00", "! igbinary"},
		{"igbinary, a text that is not there", "\x00\x00\x00\x02\x0e\x00", "! igbinary"},
		{"igbinary, too deep", "\x00\x00\x00\x02" + strings.Repeat("\x14\x01\x06\x00", 20) + "\x00", "! nested too deeply"},
		{"pickle", "\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00\x8c\x01T\x94.", "! pickle"},
		{"Marshal", "\x04\x08I\"\x06T\x06:\x06ET", "! Ruby"},
		{"gzip", "\x1f\x8b\x08\x00T", "! gzip"},
		{"Kryo", "\x03\x01T\x81", "! binary"},
		{"MessagePack", "\x81\xa1a\xa1T", "! neither"},
		{"too long", strings.Repeat("T", MaxSize+1), "! longer"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			raw, err := JSON([]byte(tc.stored))
			if mention, fails := strings.CutPrefix(tc.want, "! "); fails {
				if err == nil || !strings.Contains(err.Error(), mention) {
					t.Errorf("got %s, %v", raw, err)
				}
			} else if err != nil || string(raw) != tc.want {
				t.Errorf("got %s, %v", raw, err)
			}
		})
	}
}

// TestIgbinary reads what igbinary 3.2.13 wrote.
func TestIgbinary(t *testing.T) {
	for written, want := range map[string]string{
		"00000002110154":            `"T"`,
		"000000020d":                `""`,
		"00000002140111016" + "50d": `{"e":""}`,
		"0000000212012c" + strings.Repeat("78", 300): `"` + strings.Repeat("x", 300) + `"`,
		// ["access_token"=>"TOKEN-0","expires_in"=>7200,"n"=>-5,"big"=>70000,"huge"=>5000000000,"f"=>1.5,"t"=>true,"f2"=>false,
		// "z"=>null,"same"=>"TOKEN-0",5=>"access_token",300=>[]]
		"00000002140c110c6163636573735f746f6b656e1107544f4b454e2d30110a657870697265735f696e081c2011016e070511036269670a00011170" +
			"11046875676520000000012a05f2001101660c3ff800000000000011017405110266320411017a00110473616d650e0106050e0008012c1400": `{"access_token":"TOKEN-0","expires_in":7200,"n":-5,"big":70000,"huge":5000000000,"f":1.5,"t":true,"f2":false,"z":null,"same":"TOKEN-0","5":"access_token","300":{}}`,
		// objects: of stdClass, and two of a class with a protected and a private member
		"000000021708737464436c6173731402110c6163636573735f746f6b656e1101541101620e02":                                   `{"access_token":"T","b":"T"}`,
		"00000002140206001701411402110f002a006163636573735f746f6b656e110154110400410078060106011a0014020e010e020e030601": `{"0":{"access_token":"T","x":1},"1":{"access_token":"T","x":1}}`,
		// an array twice by reference, and a class that serialises itself
		"000000021402060025140111016b1101760601250101": `{"0":{"k":"v"},"1":null}`,
		"00000002170153140111026162110154":             `{"ab":"T"}`,
		// Symfony's wrapper, with a tag behind
		"000000021701a914021102000111015406001101" + "67": `"T"`,
	} {
		data, err := hex.DecodeString(written)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := JSON(data); err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v, want %s", written, got, err, want)
		}
		for i := range data { // whatever is cut off or changed, it is JSON or an error
			broken := append(bytes.Clone(data[:i]), 0xff)
			for _, b := range [][]byte{data[:i], broken, append(broken, data[i+1:]...)} {
				if got, err := JSON(b); err == nil && !json.Valid(got) {
					t.Errorf("%x: %q is no JSON", b, got)
				}
			}
		}
	}
}

// quoted writes a text as JSON so many times.
func quoted(text string, times int) []byte {
	for range times {
		raw, _ := json.Marshal(text)
		text = string(raw)
	}
	return []byte(text)
}

// TestAsPHPWrites lets PHP itself serialise values, and judge by json_encode what they are.
func TestAsPHPWrites(t *testing.T) {
	php, err := exec.LookPath("php")
	if err != nil {
		if os.Getenv("CI_TOOLS") != "" {
			t.Fatal(err)
		}
		t.Skip("there is no php here")
	}
	const program = `
mt_srand(7);
function value($depth) {
	switch (mt_rand(0, $depth > 3 ? 5 : 8)) {
	case 0: return null;
	case 1: return mt_rand(0, 1) === 1;
	case 2: return mt_rand(-1000000000, 1000000000);
	case 3: return mt_rand() / 1024;
	case 4: return 'tok"en;}' . str_repeat('é{', mt_rand(0, 4));
	case 5: return bin2hex(random_bytes(mt_rand(1, 80)));
	case 6: $o = new stdClass; $o->{'a b'} = value($depth + 1); $o->x = value($depth + 1); return $o;
	default:
		$a = ['' . mt_rand(0, 9) . 'k' => 1]; // never a list, whose JSON is another
		for ($i = mt_rand(0, 4); $i > 0; $i--) { $a[mt_rand(0, 1) ? mt_rand(-9, 99) : 'k' . mt_rand(0, 9)] = value($depth + 1); }
		return $a;
	}
}
ini_set('serialize_precision', '-1');
for ($i = 0; $i < 2000; $i++) {
	$v = ['v' => value(0)];
	echo base64_encode(serialize($v)), ' ', base64_encode(json_encode($v)), "\n";
}`
	out, err := exec.CommandContext(t.Context(), php, "-n", "-r", program).Output() //nolint:gosec // a test's own
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(out)) {
		serialised, encoded, _ := strings.Cut(strings.TrimSpace(line), " ")
		raw, err := JSON(decode64(t, serialised))
		if err != nil {
			t.Fatalf("%s: %v", decode64(t, serialised), err)
		}
		if want := decode64(t, encoded); !sameJSON(t, raw, want) {
			t.Fatalf("%s: got %s, want %s", decode64(t, serialised), raw, want)
		}
		n++
	}
	if n != 2000 {
		t.Errorf("%d values", n)
	}
}

// FuzzPHP writes values as PHP does, breaks some, and reads them. What is read is what was written; what was broken, is
// refused or at least JSON.
func FuzzPHP(f *testing.F) {
	f.Add(uint64(1), 0, byte(0))
	f.Add(uint64(2), 5, byte('9'))
	f.Add(uint64(3), 12, byte('"'))
	f.Fuzz(func(t *testing.T, seed uint64, at int, b byte) {
		w := writer{rand: rand.New(rand.NewPCG(seed, 1))} //nolint:gosec // no secret
		want := w.value(0)
		text := w.out.Bytes()
		got, err := readPHP(text)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		raw, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if !sameJSON(t, got, raw) {
			t.Fatalf("%q: got %s, want %s", text, got, raw)
		}
		if len(text) > 0 {
			text[(at%len(text)+len(text))%len(text)] = b
		}
		if got, err = JSON(text); err == nil && !json.Valid(got) {
			t.Errorf("%q: %q is no JSON", text, got)
		}
	})
}

// FuzzJSON reads anything.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`s:1:"T";`, `a:1:{i:0;O:1:"a":0:{}}`, `"\"T\""`, `{"a":1}`, "\xac\xed\x00\x05", "think_serialize:N;", "\x00\x00\x00\x02\x14\x01\x11\x01k\x17\x01A\x14\x00", "a:1:{s:10:\"\x9Dabcd\x00123_\";N;}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		raw, err := JSON(data)
		switch {
		case err == nil && !json.Valid(raw):
			t.Errorf("%q: %q is no JSON", data, raw)
		case err != nil && len(data) > 8 && strings.Contains(err.Error(), string(data)):
			t.Errorf("%q: %v", data, err)
		}
	})
}

// writer writes random values as PHP's serialize does.
type writer struct {
	rand *rand.Rand
	out  bytes.Buffer
}

func (w *writer) text() string {
	letters := []string{"a", `"`, ";", "}", "é", "\x00", "\\", ":", "{", "Z"}
	var s strings.Builder
	for range w.rand.IntN(6) {
		s.WriteString(letters[w.rand.IntN(len(letters))])
	}
	return s.String()
}

func (w *writer) string(s string) {
	w.out.WriteString("s:" + strconv.Itoa(len(s)) + `:"` + s + `";`)
}

func (w *writer) value(depth int) any {
	kind := w.rand.IntN(6)
	if depth > 4 {
		kind %= 4
	}
	switch kind {
	case 0:
		w.out.WriteString("N;")
		return nil
	case 1:
		n := w.rand.Int32()
		w.out.WriteString("i:" + strconv.Itoa(int(n)) + ";")
		return n
	case 2:
		w.out.WriteString("b:1;")
		return true
	case 3:
		s := w.text()
		w.string(s)
		return s
	}
	n := w.rand.IntN(5)
	if kind == 4 {
		w.out.WriteString("a:" + strconv.Itoa(n) + ":{")
	} else {
		w.out.WriteString(`O:3:"A\B":` + strconv.Itoa(n) + ":{")
	}
	members := make(map[string]any)
	for i := range n {
		name := strconv.Itoa(i)
		if kind == 4 && w.rand.IntN(2) == 0 {
			w.out.WriteString("i:" + name + ";")
		} else {
			name = "k" + name
			w.string(name)
		}
		members[name] = w.value(depth + 1)
	}
	w.out.WriteString("}")
	return members
}

func sameJSON(t testing.TB, a, b []byte) bool {
	t.Helper()
	var texts [2]string
	for i, raw := range [][]byte{a, b} {
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatal(errors.Join(err, errors.New(string(raw))))
		}
		out, err := json.Marshal(v) // with the keys in order
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(out)
	}
	return texts[0] == texts[1]
}

func decode64(t testing.TB, text string) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
