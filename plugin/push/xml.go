package push

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// maxDepth is how deep the elements of a message may be nested.
const maxDepth = 32

// parseXML reads <xml><Field>…</Field>…</xml>. Entities are the five of XML itself: there is no declaration of others,
// for there is no document type.
func (d *document) parseXML(text []byte) error {
	broken := func(err error) error { return &Malformed{Reason: "the message is no well-formed XML", Err: err} }
	dec := xml.NewDecoder(bytes.NewReader(text))
	var (
		depth  int
		ended  bool   // the root
		field  string // at the top level, if wanted
		value  strings.Builder
		before int64
	)
	for {
		before = dec.InputOffset()
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			if !ended {
				return broken(io.ErrUnexpectedEOF)
			}
			return nil
		}
		if err != nil {
			return broken(withoutText(err))
		}
		switch t := token.(type) {
		case xml.StartElement:
			depth++
			switch {
			case ended, depth == 1 && t.Name != xml.Name{Local: "xml"}:
				return &Malformed{Reason: "the message is not one element xml"}
			case depth > maxDepth:
				return &Malformed{Reason: "the message is nested too deep"}
			case depth == 2 && t.Name.Space == "" && wanted[t.Name.Local]:
				field = t.Name.Local
				value.Reset()
				if field == fieldEncrypt {
					d.encrypt.from = int(before)
				}
			}
		case xml.EndElement:
			switch {
			case depth == 1:
				ended = true
				if bytes.HasPrefix(text[before:], []byte("</")) {
					d.end = int(before)
				}
			case depth == 2 && field != "":
				if err := d.set(field, strings.TrimSpace(value.String())); err != nil {
					return err
				}
				if field == fieldEncrypt {
					d.encrypt.to = int(dec.InputOffset())
				}
				field = ""
			}
			depth--
		case xml.CharData:
			if depth == 2 && field != "" {
				value.Write(t)
			} else if depth == 0 && len(bytes.TrimSpace(t)) > 0 {
				return &Malformed{Reason: "the message is not one element xml"}
			}
		case xml.ProcInst:
			if before != 0 || t.Target != "xml" {
				return &Malformed{Reason: "the message holds a processing instruction"}
			}
		case xml.Directive:
			return &Malformed{Reason: "the message holds a document type"}
		}
	}
}

// withoutText keeps the message's own text out of an error: some of the parser's repeat it.
func withoutText(err error) error {
	if e, ok := errors.AsType[*xml.SyntaxError](err); ok {
		what, _, _ := strings.Cut(e.Msg, ":")
		what, _, _ = strings.Cut(what, "<")
		what, _, _ = strings.Cut(what, "&")
		return &xml.SyntaxError{Msg: strings.TrimSpace(what), Line: e.Line}
	}
	return errors.New("not understood")
}
