package auth

import "context"

type contextKey struct{}

// Marker says who put an Auth into a context: its address does.
type Marker struct{ _ byte }

// authContext is a context that carries an Auth. It is one allocation of 32 bytes
// where context.WithValue for the Auth and again for its marker would be two of 48.
type authContext struct {
	context.Context
	auth *Auth
	by   *Marker
}

// Value implements context.Context.
func (c *authContext) Value(key any) any {
	if key == (contextKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// NewContext returns a copy of ctx that carries a, replacing any Auth in it.
// A nil a is signed out.
func NewContext(ctx context.Context, a *Auth) context.Context {
	return NewContextBy(ctx, a, nil)
}

// NewContextBy is NewContext for code that must know its own work again: by is
// what [MarkedBy] returns.
func NewContextBy(ctx context.Context, a *Auth, by *Marker) context.Context {
	return &authContext{Context: ctx, auth: a, by: by}
}

// FromContext returns the Auth that package middleware stored in ctx. Without
// one it returns the zero value, which is signed out.
func FromContext(ctx context.Context) Auth {
	if c, ok := ctx.Value(contextKey{}).(*authContext); ok && c.auth != nil {
		return *c.auth
	}
	return Auth{}
}

// MarkedBy returns the marker given to [NewContextBy] with the Auth in ctx, nil if
// there is none.
func MarkedBy(ctx context.Context) *Marker {
	if c, ok := ctx.Value(contextKey{}).(*authContext); ok {
		return c.by
	}
	return nil
}
