package headers

import (
	"testing"
)

func TestCheckInjectField(t *testing.T) {
	for _, name := range []string{
		"", "X_A", "X.A", "X A", "X:A", "X-票", "{http.x}", ":path", "X-A\r\n", "Host", "content-length", "Connection", "TRANSFER-ENCODING", "te",
		"Trailer", "Upgrade", "keep-alive", "Proxy-Connection", "Proxy", "Content-Type", "Expect", "X-Forwarded-For",
	} {
		if CheckName(name) == nil {
			t.Errorf("%q is accepted", name)
		}
	}
	for _, name := range []string{"X-Wechat-Api-Ticket", "x-a", "Ticket", "Authorization", "X-Forwarded-Ticket"} {
		if err := CheckName(name); err != nil {
			t.Error(err)
		}
	}
}
