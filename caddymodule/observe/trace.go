package observe

import (
	"context"
	"strings"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// tracerName is the instrumentation scope of our spans.
const tracerName = "github.com/caddy-wechat-card/caddy-wechat-card"

// Tracer is wechat.Config.Trace of an account: a call of WeChat's is a span of the request that caused it, where that has one
// that is recorded. What a span tells holds no secret: no query, no body, no errmsg.
func Tracer(appID string) func(ctx context.Context, api, path string) (context.Context, func(error)) {
	return func(ctx context.Context, api, path string) (context.Context, func(error)) {
		parent := trace.SpanFromContext(ctx)
		if !parent.IsRecording() {
			return ctx, nil
		}
		// Caddy's tracing has a provider of its own, which is not the global one.
		ctx, span := parent.TracerProvider().Tracer(tracerName).Start(ctx, "wechat "+api,
			trace.WithSpanKind(trace.SpanKindClient),
			trace.WithAttributes(
				attribute.String("wechat.api", api),
				attribute.String("wechat.app_id", appID),
				attribute.String("url.path", barePath(path)),
			))
		return ctx, func(err error) {
			outcome := wechat.Outcome(err)
			span.SetAttributes(attribute.String("wechat.errcode", outcome))
			if err != nil {
				span.SetStatus(codes.Error, outcome)
			}
			span.End()
		}
	}
}

// barePath is a path up to whatever could be a parameter: relayed ones are of others' making.
func barePath(path string) string {
	if i := strings.IndexAny(path, "?;&=#%"); i >= 0 {
		return path[:i]
	}
	return path
}
