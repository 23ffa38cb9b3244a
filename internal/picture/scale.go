package picture

import (
	"image"
	"image/color"

	"golang.org/x/image/draw"
)

// fit scales src down so that no side is longer than Side.
func fit(src image.Image) *image.RGBA {
	b := src.Bounds()
	w, h := b.Dx(), b.Dy()
	longer := max(w, h)
	if longer > Side {
		w, h = max(1, w*Side/longer), max(1, h*Side/longer)
	}
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	if w == b.Dx() && h == b.Dy() {
		draw.Draw(dst, dst.Rect, src, b.Min, draw.Src)
		return dst
	}
	if large, ok := src.(image.RGBA64Image); ok && longer >= 4*Side {
		src = reduce(large, longer/(2*Side))
	}
	draw.CatmullRom.Scale(dst, dst.Rect, src, src.Bounds(), draw.Src, nil)
	return dst
}

// reduce makes one pixel of each square of n by n. It visits each pixel once, whatever
// its kind, and leaves little for the finer filter, whose buffer grows with the height.
func reduce(src image.RGBA64Image, n int) *image.RGBA {
	b := src.Bounds()
	dst := image.NewRGBA(image.Rect(0, 0, (b.Dx()+n-1)/n, (b.Dy()+n-1)/n))
	for y := range dst.Rect.Dy() {
		for x := range dst.Rect.Dx() {
			square := image.Rect(0, 0, n, n).Add(b.Min).Add(image.Pt(x*n, y*n)).Intersect(b)
			dst.SetRGBA(x, y, average(src, square))
		}
	}
	return dst
}

// average mixes the pixels of an area. Colours are premultiplied, so that what cannot be
// seen does not count.
func average(src image.RGBA64Image, area image.Rectangle) color.RGBA {
	var r, g, b, a uint32
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			c := src.RGBA64At(x, y)
			r, g, b, a = r+uint32(c.R), g+uint32(c.G), b+uint32(c.B), a+uint32(c.A)
		}
	}
	n := uint32(area.Dx()*area.Dy()) << 8
	return color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), uint8(a / n)}
}

// upright undoes an EXIF orientation: 2 to 4 mirror or turn by 180°, 5 to 8 swap the
// sides as well.
func upright(src *image.RGBA, orientation int) *image.RGBA {
	if orientation == 1 {
		return src
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	swap := orientation >= 5
	dst := image.NewRGBA(image.Rect(0, 0, w, h))
	if swap {
		dst = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	for y := range dst.Rect.Dy() {
		for x := range dst.Rect.Dx() {
			sx, sy := x, y
			if swap {
				sx, sy = y, x
			}
			switch orientation {
			case 2, 7, 3, 8:
				sx = w - 1 - sx
			}
			switch orientation {
			case 3, 4, 6, 7:
				sy = h - 1 - sy
			}
			dst.SetRGBA(x, y, src.RGBAAt(sx, sy))
		}
	}
	return dst
}
