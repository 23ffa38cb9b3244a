package picture

import (
	"crypto/sha256"
	"image"
	"image/color"
	"math"
)

const (
	avatarCells = 5  // in a row and in a column
	avatarCell  = 40 // pixels
	avatarEdge  = 20 // pixels
)

// Avatar draws the pattern that stands for seed: always the same one, symmetrical, in one
// colour on light grey, 240 pixels square.
func Avatar(seed string) (Picture, error) {
	sum := sha256.Sum256([]byte(seed))
	const side = avatarCells*avatarCell + 2*avatarEdge
	ground := color.RGBA{0xf0, 0xf0, 0xf2, 0xff}
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{ground, hue(sum[0])})
	for row := range avatarCells {
		for column := range (avatarCells + 1) / 2 {
			if sum[1+row*avatarCells+column]&1 == 0 {
				continue
			}
			fill(img, column, row)
			fill(img, avatarCells-1-column, row)
		}
	}
	return encodePNG(img)
}

// fill paints one cell.
func fill(img *image.Paletted, column, row int) {
	left, top := avatarEdge+column*avatarCell, avatarEdge+row*avatarCell
	for y := top; y < top+avatarCell; y++ {
		for x := left; x < left+avatarCell; x++ {
			img.SetColorIndex(x, y, 1)
		}
	}
}

// hue is a colour of middling strength from around the circle.
func hue(at byte) color.RGBA {
	wave := func(shift float64) uint8 {
		return uint8(125 + 75*math.Cos(2*math.Pi*(float64(at)/256-shift)))
	}
	return color.RGBA{wave(0), wave(1.0 / 3), wave(2.0 / 3), 0xff}
}
