//go:build binary

package binarytest

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

const maxScreenshot = 150 << 10

// shrink gives the pictures in a folder 256 colours, which is enough for a screen and a third of the bytes.
func shrink(t *testing.T, folder string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.png"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("there are no pictures in %s: %v", folder, err)
	}
	for _, path := range paths {
		full, err := png.Decode(bytes.NewReader([]byte(readFile(t, path))))
		if err != nil {
			t.Fatal(err)
		}
		few := image.NewPaletted(full.Bounds(), fewColors(full, 256))
		draw.Draw(few, few.Bounds(), full, full.Bounds().Min, draw.Src)
		var out bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, few); err != nil {
			t.Fatal(err)
		}
		if out.Len() > maxScreenshot {
			t.Errorf("%s has %d bytes", path, out.Len())
		}
		if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// counted is a colour and how often it is there.
type counted struct {
	rgb [3]int
	n   int
}

// fewColors chooses at most n colours for an image by median cut.
func fewColors(img image.Image, n int) color.Palette {
	count := make(map[[3]int]int)
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y++ {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x++ {
			r, g, b, _ := img.At(x, y).RGBA()
			count[[3]int{int(r >> 8), int(g >> 8), int(b >> 8)}]++
		}
	}
	var all []counted
	for rgb := range maps.Keys(count) {
		all = append(all, counted{rgb, count[rgb]})
	}
	boxes := [][]counted{all}
	for len(boxes) < n {
		widest, at, axis := 0, -1, 0
		for i, box := range boxes {
			if a, spread := spreadOf(box); spread > widest {
				widest, at, axis = spread, i, a
			}
		}
		if at < 0 {
			break // each box is one colour
		}
		box := boxes[at]
		slices.SortFunc(box, func(a, b counted) int {
			return cmp.Or(cmp.Compare(a.rgb[axis], b.rgb[axis]), slices.Compare(a.rgb[:], b.rgb[:]))
		})
		half := len(box) / 2
		boxes[at] = box[:half]
		boxes = append(boxes, box[half:])
	}
	palette := make(color.Palette, 0, len(boxes))
	for _, box := range boxes {
		most := slices.MaxFunc(box, func(a, b counted) int { return cmp.Compare(a.n, b.n) }) // plains keep their colour
		palette = append(palette, color.RGBA{uint8(most.rgb[0]), uint8(most.rgb[1]), uint8(most.rgb[2]), 255})
	}
	return palette
}

// spreadOf gives the axis along which a box is longest, and its length, weighed by how many pixels it stands for.
func spreadOf(box []counted) (axis, spread int) {
	pixels := 0
	for _, c := range box {
		pixels += c.n
	}
	for a := range 3 {
		low, high := 255, 0
		for _, c := range box {
			low, high = min(low, c.rgb[a]), max(high, c.rgb[a])
		}
		if s := (high - low) * (high - low) * (1 + min(pixels, 1000)); s > spread {
			axis, spread = a, s
		}
	}
	return axis, spread
}
