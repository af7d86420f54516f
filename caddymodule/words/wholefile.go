package words

import (
	"os"
	"regexp"
	"slices"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// importedBy finds in an error of a dispenser's the files that imported what it is at.
var importedBy = regexp.MustCompile(`'([^']+):\d+ \(import`)

// CheckFilePlaceholders refuses placeholders of ours that nothing sets wherever they stand in the Caddyfile that a directive or an
// option is of, in other sites and with what it imports, too: those of inject and login are for other directives, of which we are
// not told. What was not read from a file is not found again.
func CheckFilePlaceholders(d *caddyfile.Dispenser) error {
	defer d.Reset()
	d.Reset()
	d.Next()
	at := d.Token()
	names := []string{at.File}
	for _, m := range importedBy.FindAllStringSubmatch(d.Err("").Error(), -1) {
		if !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			continue // it came otherwise than from a file
		}
		blocks, err := caddyfile.Parse(name, raw)
		if err != nil {
			continue // it is a part of one
		}
		var tokens []caddyfile.Token
		for _, block := range blocks {
			tokens = append(tokens, block.Keys...)
			for _, segment := range block.Segments {
				tokens = append(tokens, segment...)
			}
		}
		if !slices.ContainsFunc(tokens, func(t caddyfile.Token) bool { return t.File == at.File && t.Line == at.Line && t.Text == at.Text }) {
			continue // another file of that name
		}
		if err := CheckPlaceholders(caddyfile.NewDispenser(tokens)); err != nil {
			return err
		}
	}
	return nil
}
