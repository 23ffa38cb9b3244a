package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"sync"
)

const jpegQuality = 88

// encode makes a JPEG of what is opaque, a PNG of what is not.
func encode(img *image.RGBA) (Picture, error) {
	if !img.Opaque() {
		return encodePNG(img)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: jpegQuality}); err != nil {
		return Picture{}, fmt.Errorf("encode JPEG: %w", err)
	}
	return Picture{Type: "image/jpeg", Content: b.Bytes()}, nil
}

func encodePNG(img image.Image) (Picture, error) {
	var b bytes.Buffer
	if err := pngEncoder.Encode(&b, img); err != nil {
		return Picture{}, fmt.Errorf("encode PNG: %w", err)
	}
	return Picture{Type: "image/png", Content: b.Bytes()}, nil
}

// pngEncoder uses its buffers, nearly a megabyte, again: avatars are drawn for anybody.
var pngEncoder = png.Encoder{BufferPool: new(buffers)}

// buffers is a png.EncoderBufferPool.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() *png.EncoderBuffer {
	buffer, _ := b.pool.Get().(*png.EncoderBuffer)
	return buffer
}

func (b *buffers) Put(buffer *png.EncoderBuffer) { b.pool.Put(buffer) }
