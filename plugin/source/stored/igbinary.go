package stored

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
)

// igbinaryHeader begins what the PHP extension igbinary writes, which Symfony's caches use by themselves where it is loaded.
const igbinaryHeader = "\x00\x00\x00\x02"

var errIgbinary = errors.New("it begins as igbinary writes and is not that")

// readIgbinary gives what igbinary wrote as JSON, as readPHP does.
func readIgbinary(data []byte) (json.RawMessage, error) {
	r := igbinary{rest: data[len(igbinaryHeader):]}
	if err := r.value(0); err != nil {
		return nil, err
	}
	if len(r.rest) > 0 {
		return nil, errIgbinary
	}
	return r.out.Bytes(), nil
}

// igbinary reads values: a byte for the type, then lengths and numbers of 1, 2, 4 or 8 bytes. A text that came before is named
// by its place among all texts.
type igbinary struct {
	rest  []byte
	texts []string
	out   bytes.Buffer
}

// take reads so many bytes.
func (r *igbinary) take(n uint64) ([]byte, bool) {
	if n > uint64(len(r.rest)) {
		return nil, false
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken, true
}

// number reads a number of so many bytes.
func (r *igbinary) number(size int) (uint64, bool) {
	raw, ok := r.take(uint64(size)) //nolint:gosec // 1 to 8
	if !ok {
		return 0, false
	}
	var eight [8]byte
	copy(eight[8-size:], raw)
	return binary.BigEndian.Uint64(eight[:]), true
}

// value reads one value.
func (r *igbinary) value(depth int) error {
	if depth > maxDepth {
		return errPHPDeep
	}
	kind, ok := r.take(1)
	if !ok {
		return errIgbinary
	}
	return r.valueOf(kind[0], depth)
}

func (r *igbinary) valueOf(kind byte, depth int) error {
	switch kind {
	case 0x00:
		r.out.WriteString("null")
	case 0x01, 0x02, 0x03, 0x22, 0x23, 0x24: // an array or object that came before, which nobody follows here
		if _, ok := r.number(1 << ((kind - 1) & 3)); !ok {
			return errIgbinary
		}
		r.out.WriteString("null")
	case 0x04, 0x05:
		r.out.WriteString(strconv.FormatBool(kind == 0x05))
	case 0x0c:
		bits, ok := r.number(8)
		if !ok {
			return errIgbinary
		}
		if n := math.Float64frombits(bits); math.IsNaN(n) || math.IsInf(n, 0) {
			r.out.WriteString("null")
		} else {
			r.out.WriteString(strconv.FormatFloat(n, 'g', -1, 64))
		}
	case 0x14, 0x15, 0x16:
		return r.members(1<<(kind-0x14), depth, "")
	case 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c:
		return r.object(kind, depth)
	case 0x25:
		return r.value(depth + 1)
	default:
		if n, ok := r.integer(kind); ok {
			r.out.WriteString(n)
			return nil
		}
		text, ok := r.text(kind)
		if !ok {
			return errIgbinary
		}
		return writeText(&r.out, text)
	}
	return nil
}

// integer reads a whole number: kinds with and without a sign take turns.
func (r *igbinary) integer(kind byte) (string, bool) {
	size, known := map[byte]int{0x06: 1, 0x08: 2, 0x0a: 4, 0x20: 8}[kind&^1]
	if !known {
		return "", false
	}
	n, ok := r.number(size)
	sign := ""
	if kind&1 == 1 {
		sign = "-"
	}
	return sign + strconv.FormatUint(n, 10), ok
}

// text reads a text, or the place of one.
func (r *igbinary) text(kind byte) (string, bool) {
	switch kind {
	case 0x0d:
		return "", true
	case 0x0e, 0x0f, 0x10:
		n, ok := r.number(1 << (kind - 0x0e))
		if !ok || n >= uint64(len(r.texts)) {
			return "", false
		}
		return r.texts[n], true
	case 0x11, 0x12, 0x13:
		n, ok := r.number(1 << (kind - 0x11))
		if !ok {
			return "", false
		}
		raw, ok := r.take(n)
		if ok {
			r.texts = append(r.texts, string(raw))
		}
		return string(raw), ok
	}
	return "", false
}

// object reads the name of a class, or its place, and the members.
func (r *igbinary) object(kind byte, depth int) error {
	class, ok := r.text(kind - 0x17 + 0x11)
	if kind >= 0x1a {
		class, ok = r.text(kind - 0x1a + 0x0e)
	}
	array, more := r.take(1)
	if !ok || !more || array[0] < 0x14 || array[0] > 0x16 {
		return errIgbinary
	}
	return r.members(1<<(array[0]-0x14), depth, class)
}

// members reads how many there are, then key and value of each. Of a wrapper of Symfony's it gives the first value.
func (r *igbinary) members(size, depth int, class string) error {
	count, ok := r.number(size)
	if !ok || count > uint64(len(r.rest)/2) {
		return errIgbinary
	}
	wrapped := class == symfonyValue && count > 0
	if !wrapped {
		r.out.WriteByte('{')
	}
	for i := range count {
		before := r.out.Len()
		if i > 0 && !wrapped {
			r.out.WriteByte(',')
		}
		if err := r.key(); err != nil {
			return err
		}
		if wrapped {
			r.out.Truncate(before)
		} else {
			r.out.WriteByte(':')
		}
		if err := r.value(depth + 1); err != nil {
			return err
		}
		if wrapped && i > 0 {
			r.out.Truncate(before)
		}
	}
	if !wrapped {
		r.out.WriteByte('}')
	}
	return nil
}

func (r *igbinary) key() error {
	kind, ok := r.take(1)
	if !ok {
		return errIgbinary
	}
	key, ok := r.integer(kind[0])
	if !ok {
		if key, ok = r.text(kind[0]); !ok {
			return errIgbinary
		}
		key = memberName(key)
	}
	return writeText(&r.out, key)
}

// memberName takes away the NULs and the class about the name of a private or protected member.
func memberName(name string) string {
	if i := strings.LastIndexByte(name, 0); i >= 0 && name[0] == 0 {
		return name[i+1:]
	}
	return name
}

// writeText writes a text as JSON.
func writeText(out *bytes.Buffer, text string) error {
	raw, err := json.Marshal(text)
	if err == nil {
		out.Write(raw)
	}
	return err
}
