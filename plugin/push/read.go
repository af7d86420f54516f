package push

import "bytes"

// read never fails: a document that is not whole has few fields, or none.
func read(body []byte) document { return readFields(body, wanted) }

// readFields is read for other fields.
func readFields(body []byte, wanted map[string]bool) document {
	d := document{
		format: formatOf(body), wanted: wanted, fields: make(map[string]string, len(wanted)), count: make(map[string]int, len(wanted)),
	}
	text := bytes.TrimPrefix(body, byteOrderMark)
	if d.format == JSON {
		d.readJSON(text)
	} else {
		d.readXML(text)
	}
	skipped := len(body) - len(text)
	d.encrypt = d.encrypt.moved(skipped)
	if d.end > 0 {
		d.end += skipped
	}
	return d
}
