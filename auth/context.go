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
	if _, ok := key.(contextKey); ok {
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
	if c := find(ctx); c != nil && c.auth != nil {
		return *c.auth
	}
	return Auth{}
}

// find returns the innermost context that carries an Auth, nil if there is none.
// Most often ctx is it.
func find(ctx context.Context) *authContext {
	c, ok := ctx.(*authContext)
	if !ok {
		c, _ = ctx.Value(contextKey{}).(*authContext)
	}
	return c
}

// MarkedBy returns the marker given to [NewContextBy] with the Auth in ctx, nil if
// there is none.
func MarkedBy(ctx context.Context) *Marker {
	if c := find(ctx); c != nil {
		return c.by
	}
	return nil
}
