package terminal

import (
	"strings"
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
		if len(r.cells) == 1 {
			continue // a sentence is in no column
		}
		for i, cell := range r.cells {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], width(cell))
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
			line.WriteString("  " + cell)
			if i < len(widths) {
				line.WriteString(strings.Repeat(" ", max(0, widths[i]-width(cell))))
			}
		}
		sign := r.mark.String()
		if colours {
			sign = r.mark.Colour() + sign + ColourOff
		}
		b.WriteString("  " + sign + strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

// Columns lays out rows of cells, without marks.
func Columns(rows [][]string) string {
	var widths []int
	for _, cells := range rows {
		for i, cell := range cells {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], width(cell))
		}
	}
	var b strings.Builder
	for _, cells := range rows {
		var line strings.Builder
		for i, cell := range cells {
			line.WriteString(cell + strings.Repeat(" ", widths[i]-width(cell)+2))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

// width is how many columns a terminal takes for a text: two for each letter of Chinese.
func width(text string) (n int) {
	for _, r := range text {
		n++
		if r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 || r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 || r >= 0x20000 {
			n++
		}
	}
	return n
}
