package terminal

import (
	"strings"
	"unicode/utf8"
)

// Table lays out rows in columns, between lines that stand as they are.
type Table struct{ rows []tableRow }

type tableRow struct {
	text  string // of a line
	cells []string
	mark  Mark
}

// Line adds a line that stands as it is.
func (t *Table) Line(text string) { t.rows = append(t.rows, tableRow{text: text}) }

// Row adds a row: its mark, and its cells in columns.
func (t *Table) Row(m Mark, cells ...string) {
	t.rows = append(t.rows, tableRow{mark: m, cells: cells})
}

// Render gives the whole table.
func (t *Table) Render(colours bool) string {
	var widths []int
	for _, r := range t.rows {
		for i, cell := range r.cells {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, r := range t.rows {
		if r.cells == nil {
			b.WriteString(r.text + "\n")
			continue
		}
		var line strings.Builder
		for i, cell := range r.cells {
			line.WriteString("  " + cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
		}
		sign := r.mark.String()
		if colours {
			sign = r.mark.Colour() + sign + ColourOff
		}
		b.WriteString("  " + sign + strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}
