//go:build binary

package binarytest

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestExampleAction builds a Caddy that has the action of another module in it, and uses that as any of ours is used. It is not
// parallel, for building needs all that the machine has.
func TestExampleAction(t *testing.T) {
	t.Parallel()
	e := newExample(t, "action", "PORT=8080")
	e.binary = buildWith(t, "example.com/stock=../../examples/action")
	config := e.path("Caddyfile")

	adapt, adapted, stderr := e.command(t, "adapt", "--config", config)
	if err := adapt.Run(); err != nil || !strings.Contains(adapted.String(), `"cache":"10s"`) || !strings.Contains(adapted.String(), `"name":"stock"`) {
		t.Errorf("caddy adapt: %v, %s%s", err, adapted, stderr)
	}
	c := e.run("Caddyfile")
	site := "http://127.0.0.1:" + e.p["8080"]
	const coupon, member = "pSandboxCoupon00000000000001", "pSandboxMember00000000000001"
	left := func(id string) string { return `{"cardId":"` + id + `","quantity":1000000,"totalQuantity":1000000}` }
	for _, tc := range []struct {
		method, target string
		header         http.Header
		body           string
		status         int
		want           string
	}{
		{"GET", "/wechat/stock", nil, "", 200, `{"cardList":[` + left(coupon) + `,` + left(member) + `]}`},
		{"POST", "/wechat/stock", http.Header{"Content-Type": {"application/json"}}, `{"card_id":"` + member + `"}`, 200, left(member)},
		{"GET", "/internal/stock?card_id=" + coupon, nil, "", 200, left(coupon)},
		{"GET", "/wechat/stock?card_id=pStrange", nil, "", 403, `"reason":"card_not_allowed"`},
		{"GET", "/internal/stock", http.Header{"Accept-Language": {"zh-CN"}}, "", 400, `"title":"请求有误","status":400,"detail":"缺少 card_id：这里可查询任意卡券，没有默认列出的卡券"`},
		{"GET", "/internal/stock?card_id=" + coupon, http.Header{"X-Forwarded-For": {"127.0.0.1"}}, "", 403, `"reason":"client_not_allowed"`},
		{"DELETE", "/wechat/stock", nil, "", 405, `GET, HEAD, POST, OPTIONS`},
	} {
		if status, got := ask(t, tc.method, site+tc.target, tc.header, tc.body); status != tc.status || !strings.Contains(got, tc.want) {
			t.Errorf("%s %s: got %d %s, want %d %s", tc.method, tc.target, status, got, tc.status, tc.want)
		}
	}

	e.wantBeside(t, 0, []string{"card " + coupon, "card " + member, "✓  stock: it tells how many are left", "nothing is wrong"}, "doctor", "--config", config)
	metrics := string(get(t, "http://"+c.admin+"/metrics"))
	for _, want := range []string{
		`caddy_wechat_card_answers_total{account="default",action="stock",reason="ok"} 3`,
		`caddy_wechat_card_answers_total{account="default",action="stock",reason="client_not_allowed"} 1`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
	c.stop(t)

	e.run("Caddyfile", "CLIENTS=192.0.2.0/24")
	status, got := ask(t, "GET", site+"/internal/stock?card_id="+coupon, http.Header{"Accept-Language": {"zh"}}, "")
	if status != http.StatusForbidden || !strings.Contains(got, `"detail":"127.0.0.1 不在 clients 的范围内","reason":"client_not_allowed"`) {
		t.Errorf("a stranger got %d %s", status, got)
	}
}

// buildWith builds a Caddy that has another module in it beside ours, as xcaddy.sh does, and gives its path.
func buildWith(t *testing.T, module string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "caddy")
	cmd := exec.CommandContext(t.Context(), "bash", "../../xcaddy.sh", "-o", binary, "--with", module)
	cmd.Env = append(os.Environ(), "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("xcaddy.sh: %v\n%s", err, out)
	}
	return binary
}

// ask sends a request, and gives the answer.
func ask(t *testing.T, method, url string, header http.Header, body string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		r.Header = header
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}
