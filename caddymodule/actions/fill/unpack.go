package fill

import (
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// coding unpacks what was packed by a content coding.
type coding func(packed io.Reader) (io.ReadCloser, error)

// codingNamed gives the coding of a name as it stands in Content-Encoding, in lower case; nil: it is unknown.
func codingNamed(name string) coding {
	switch name {
	case "gzip", "x-gzip":
		return func(packed io.Reader) (io.ReadCloser, error) { return gzip.NewReader(packed) }
	case "deflate":
		return zlib.NewReader
	case "br":
		return func(packed io.Reader) (io.ReadCloser, error) { return io.NopCloser(brotli.NewReader(packed)), nil }
	case "zstd":
		return openZstd
	}
	return nil
}

func openZstd(packed io.Reader) (io.ReadCloser, error) {
	const maxWindow = 8 << 20 // as RFC 9659 bounds it
	// More concurrency would read ahead of what has come.
	d, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

// codingOf gives how an answer is packed; nil: it is not. Lines that say the same are one that was copied.
func codingOf(lines []string) (c coding, known bool) {
	last := ""
	for _, line := range lines {
		name := strings.ToLower(strings.TrimSpace(line))
		if name == "" || name == "identity" || name == last {
			continue
		}
		if c != nil {
			return nil, false // packed twice
		}
		if c = codingNamed(name); c == nil {
			return nil, false
		}
		last = name
	}
	return c, true
}

// unpacker unpacks a body piece by piece, as it comes: what a stream has brought is to be seen at once.
type unpacker struct {
	text []byte // what was unpacked

	packed []byte // what has come and is not read yet
	ended  bool   // no more comes
	err    error  // why it cannot be unpacked

	resume func() (struct{}, bool) // has unpack go on until it wants more
	cancel func()
	wait   func(struct{}) bool // has unpack wait for more
}

var (
	errTooLarge  = errors.New("it is too large when it is unpacked")
	errCancelled = errors.New("nobody wants it any longer")
)

// begin makes the unpacker ready for a body of at most limit bytes.
func (u *unpacker) begin(c coding, limit int64) {
	u.resume, u.cancel = iter.Pull(func(yield func(struct{}) bool) {
		u.wait = yield
		u.err = u.unpack(c, limit)
	})
}

func (u *unpacker) unpack(c coding, limit int64) error {
	r, err := c(u)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		u.text = slices.Grow(u.text, 512)
		n, err := r.Read(u.text[len(u.text):cap(u.text)])
		u.text = u.text[:len(u.text)+n]
		switch {
		case int64(len(u.text)) > limit:
			return errTooLarge
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// Read implements io.Reader, for unpack.
func (u *unpacker) Read(p []byte) (int, error) {
	for len(u.packed) == 0 {
		if u.ended {
			return 0, io.EOF
		}
		if !u.wait(struct{}{}) {
			return 0, errCancelled
		}
	}
	n := copy(p, u.packed)
	u.packed = u.packed[n:]
	return n, nil
}

// write unpacks a piece, and gives what it brought.
func (u *unpacker) write(packed []byte) (text []byte, why reason) {
	before := len(u.text)
	u.packed = packed
	u.resume()
	return u.text[before:], u.failed()
}

// finish unpacks the rest when all has come.
func (u *unpacker) finish() (why reason) {
	u.packed, u.ended = nil, true
	u.resume()
	return u.failed()
}

func (u *unpacker) failed() reason {
	switch u.err {
	case nil:
		return ""
	case errTooLarge:
		return tooLarge
	}
	return notPacked
}

// stop ends the unpacker, if it was begun.
func (u *unpacker) stop() {
	if u.cancel != nil {
		u.cancel()
	}
}
