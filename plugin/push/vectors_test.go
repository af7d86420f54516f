package push

import (
	"bytes"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

type vector struct {
	Kind     string            `json:"kind"`
	Name     string            `json:"name"`
	Inputs   map[string]string `json:"inputs"`
	Expected json.RawMessage   `json:"expected"`
}

// loadVectors reads those of the vectors that concern callbacks.
func loadVectors(t testing.TB) []vector {
	t.Helper()
	data, err := os.ReadFile("../card/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []json.RawMessage `json:"vectors"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	var found []vector
	for _, raw := range file.Vectors {
		if !bytes.Contains(raw, []byte(`"callback`)) {
			continue
		}
		var v vector
		if err := json.Unmarshal(raw, &v); err != nil {
			t.Fatal(err)
		}
		found = append(found, v)
	}
	return found
}

func unix(t testing.TB, timestamp string) time.Time {
	t.Helper()
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Unix(seconds, 0)
}

func TestVectors(t *testing.T) {
	seen := map[string]int{}
	for _, v := range loadVectors(t) {
		seen[v.Kind]++
		t.Run(v.Kind+"/"+v.Name, func(t *testing.T) {
			in := v.Inputs
			var text string
			var expected struct {
				Random       string  `json:"random"`
				ReceiveID    string  `json:"receive_id"`
				Msg          *string `json:"msg"`
				Encrypt      string  `json:"encrypt"`
				Signature    string  `json:"signature"`
				MsgSignature string  `json:"msg_signature"`
			}
			if json.Unmarshal(v.Expected, &text) != nil {
				if err := json.Unmarshal(v.Expected, &expected); err != nil {
					t.Fatal(err)
				}
			}
			q := Query{Timestamp: in["timestamp"], Nonce: in["nonce"]}
			switch v.Kind {
			case "callbackSignature":
				if got := Sign(in["token"], in["timestamp"], in["nonce"]); got != text {
					t.Errorf("got %s, want %s", got, text)
				}
				r, err := New(Config{Token: in["token"]})
				if err != nil {
					t.Fatal(err)
				}
				q.Signature = text
				if err := r.Handshake(q, unix(t, in["timestamp"])); err != nil {
					t.Error(err)
				}
				q.Signature = strings.ToUpper(text)
				if err := r.Handshake(q, unix(t, in["timestamp"])); err == nil {
					t.Error("another signature is taken")
				}
			case "callbackMsgSignature":
				if got := Sign(in["token"], in["timestamp"], in["nonce"], in["encrypt"]); got != text {
					t.Errorf("got %s, want %s", got, text)
				}
			case "callbackDecrypt":
				msg, receiver := decrypt(t, in["encoding_aes_key"], in["encrypt"])
				if receiver != expected.ReceiveID || expected.Msg != nil && string(msg) != *expected.Msg {
					t.Errorf("got %s for %s, want %s", msg, receiver, v.Expected)
				}
			case "callbackEncrypt":
				if text == "" {
					text = expected.Encrypt
				}
				c, err := NewCipher(in["encoding_aes_key"])
				if err != nil {
					t.Fatal(err)
				}
				if got := c.Encrypt([16]byte([]byte(in["random"])), []byte(in["msg"]), in["appid"]); got != text {
					t.Errorf("got %s, want %s", got, text)
				}
				msg, receiver := decrypt(t, in["encoding_aes_key"], text)
				if string(msg) != in["msg"] || receiver != in["appid"] {
					t.Errorf("decrypted to %s for %s", msg, receiver)
				}
				if expected.MsgSignature != "" {
					q.MsgSignature = expected.MsgSignature
					testWholeVector(t, in, q, text)
					if got := Sign(in["token"], in["timestamp"], in["nonce"]); got != expected.Signature {
						t.Errorf("got signature %s, want %s", got, expected.Signature)
					}
				}
			default:
				t.Errorf("nobody checks %s", v.Kind)
			}
		})
	}
	for kind, n := range map[string]int{"callbackSignature": 5, "callbackMsgSignature": 9, "callbackDecrypt": 5, "callbackEncrypt": 8} {
		if seen[kind] < n {
			t.Errorf("there are %d vectors %s", seen[kind], kind)
		}
	}
}

func decrypt(t *testing.T, key, encrypt string) (msg []byte, receiver string) {
	t.Helper()
	c, err := NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	msg, receiver, err = c.Decrypt(encrypt)
	if err != nil {
		t.Fatal(err)
	}
	return msg, receiver
}

// testWholeVector takes a vector for a push that arrives.
func testWholeVector(t *testing.T, in map[string]string, q Query, encrypt string) {
	r, err := New(Config{Token: in["token"], EncodingAESKey: in["encoding_aes_key"]})
	if err != nil {
		t.Fatal(err)
	}
	for _, envelope := range []string{
		`{"ToUserName":"gh_1","Encrypt":"` + encrypt + `"}`,
		"<xml>\n<ToUserName><![CDATA[gh_1]]></ToUserName>\n<Encrypt> <![CDATA[" + encrypt + "]]> </Encrypt>\n</xml>",
	} {
		m, err := r.Open(q, []byte(envelope), in["appid"], unix(t, in["timestamp"]))
		if err != nil {
			t.Fatal(err)
		}
		isMessage := strings.ContainsAny(in["msg"][:1], "<{") // or else a vector of the encryption alone
		if string(m.Plain) != in["msg"] || isMessage && (m.MsgType != "event" || m.CardID == "" || m.UserCardCode == "" || m.OpenID == "") {
			t.Errorf("got %+v", m)
		}
	}
}

// TestOfficialReply builds the reply that WeChat's page shows.
func TestOfficialReply(t *testing.T) {
	r, err := New(Config{Token: "AAAAA", EncodingAESKey: strings.Repeat("A", 43)})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range loadVectors(t) {
		if v.Kind != "callbackMsgSignature" || !strings.Contains(v.Name, "reply") || v.Inputs["token"] != "AAAAA" {
			continue
		}
		m := &Message{receiver: "wxba5fad812f8e6fb9", envelope: JSON}
		got := r.seal(m, []byte(`{"demo_resp":"good luck"}`), unix(t, v.Inputs["timestamp"]).Unix(), v.Inputs["nonce"], [16]byte([]byte("707722b803182950")))
		want := `{"Encrypt":"` + v.Inputs["encrypt"] + `","MsgSignature":` + string(v.Expected) + `,"TimeStamp":` + v.Inputs["timestamp"] +
			`,"Nonce":"` + v.Inputs["nonce"] + `"}`
		if string(got) != want {
			t.Errorf("got %s, want %s", got, want)
		}
		return
	}
	t.Error("the vector is missing")
}
