package observe_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/observe"
	"github.com/caddy-wechat-card/caddy-wechat-card/caddymodule/sitetest"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/wechat"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func TestTracer(t *testing.T) {
	_, api := sitetest.NewAPI(t)
	trace := observe.Tracer(sitetest.AppID)
	client := wechat.New(wechat.Config{BaseURLs: []string{api}, Trace: trace})
	spans := tracetest.NewSpanRecorder()
	ctx, request := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("test").Start(t.Context(), "request")
	got, err := client.StableToken(ctx, sitetest.AppID, sitetest.Secret, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Ticket(ctx, "t0ken", wechat.CardTicket); err == nil {
		t.Error("a ticket for a token that is none")
	}
	if _, end := trace(ctx, "relay", "/x;access_token=t0ken?access_token=t0ken"); end != nil {
		end(nil)
	}
	ended := spans.Ended()
	if len(ended) != 3 {
		t.Fatalf("%d spans", len(ended))
	}
	for i, want := range []string{
		"wechat stable_token /cgi-bin/stable_token 0 Unset", "wechat getticket /cgi-bin/ticket/getticket 40014 Error", "wechat relay /x 0 Unset",
	} {
		span := ended[i]
		attributes := make(map[string]string)
		for _, a := range span.Attributes() {
			attributes[string(a.Key)] = a.Value.String()
		}
		if text := fmt.Sprint(span.Name(), " ", attributes["url.path"], " ", attributes["wechat.errcode"], " ", span.Status().Code); text != want {
			t.Errorf("got %s, want %s", text, want)
		}
		if span.Parent().SpanID() != request.SpanContext().SpanID() || attributes["wechat.app_id"] != sitetest.AppID {
			t.Errorf("got %v", attributes)
		}
		if all := fmt.Sprint(span.Name(), attributes, span.Status(), span.Events()); strings.Contains(all, "t0ken") ||
			strings.Contains(all, got.Value) || strings.Contains(all, sitetest.Secret) {
			t.Errorf("a secret is in %s", all)
		}
	}

	// Nothing is made for a request without a span, nor for one that is not recorded.
	if n := testing.AllocsPerRun(100, func() { _, _ = trace(t.Context(), "decrypt", "/card/code/decrypt") }); n != 0 {
		t.Errorf("%v allocations without a span", n)
	}
	unsampled, _ := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())).Tracer("test").Start(t.Context(), "request")
	if other, end := trace(unsampled, "decrypt", "/card/code/decrypt"); end != nil || other != unsampled {
		t.Error("a span of a request that is not recorded")
	}
}
