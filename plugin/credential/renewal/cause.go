package renewal

import "context"

// ctx is the context of the flight's calls: it ends with the configuration, and has the values of the request that the flight
// is for.
func (f *flight) ctx() context.Context {
	if f.want.Cause == nil {
		return f.env.ctx
	}
	return caused{f.env.ctx, context.WithoutCancel(f.want.Cause)}
}

// caused is a context with the values of another one.
type caused struct {
	context.Context
	cause context.Context
}

// Value implements context.Context.
func (c caused) Value(key any) any {
	if v := c.cause.Value(key); v != nil {
		return v
	}
	return c.Context.Value(key)
}
