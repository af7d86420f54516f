package simulation

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"strconv"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/credential"
)

// What an event tells of.
const (
	evStart  = "start"  // a process begins; n: by how much its clock is ahead; text: what it keeps warm
	evKill   = "kill"   // a process is killed
	evReload = "reload" // a process gets another configuration
	evStop   = "stop"   // a configuration has stopped; n: how long that took

	evAsk    = "ask"    // somebody asks a process; id: which question; text: how
	evAnswer = "answer" // text: the value; id: the question
	evError  = "error"  // text: the error; n: until when it says to wait; id: the question
	evRefuse = "refuse" // a process is told that WeChat refused text
	evLent   = "lent"   // n: how long text lives, as was said

	evCall   = "call"   // a process calls WeChat; text: the token that it shows, or "force"
	evMint   = "mint"   // WeChat makes a value; text: it; n: its end
	evSuper  = "super"  // WeChat has put another value in the place of text, which is good until n
	evRevoke = "revoke" // somebody ends the token text; n: 1: stable_token does not know
	evGrant  = "grant"  // a process gets a value from WeChat; text: it; n: its rest
	evFail   = "fail"   // a call fails; text: how

	evLoad   = "load"   // a process is given what is stored; text: the key; n: when the value in it was obtained, 0: there is none
	evSave   = "save"   // it takes effect; text: the key; n: when the value in it was obtained; id: 1: its process has given it up
	evLose   = "lose"   // an answer of the store is an error; text: the operation
	evLock   = "lock"   // a process gets a lock; text: its name; id: 1: somebody else has it, too
	evUnlock = "unlock" // a lock is given back; text: its name

	evFault = "fault" // a fault begins; text: it
	evWell  = "well"  // a fault ends
	evPhase = "phase" // text: what begins
	evTell  = "tell"  // a Keeper tells of a new value or a failure; text: which
)

// event is what happened once. Its fields say all that the checker knows.
type event struct {
	at   time.Duration // by WeChat's clock, since the beginning
	what string
	node int
	acct int
	kind credential.Kind
	text string
	n    time.Duration
	id   int
}

// history is all that has happened, in its order.
type history struct {
	sum    hash.Hash
	line   []byte
	events int
	out    io.Writer // nil: nobody wants to read it
	check  func(event)
}

func newHistory(out io.Writer, check func(event)) *history {
	return &history{sum: sha256.New(), out: out, check: check}
}

// add writes down an event.
func (h *history) add(e event) {
	h.events++
	b := h.line[:0]
	b = strconv.AppendInt(b, int64(e.at), 10)
	b = append(append(b, ' '), e.what...)
	b = strconv.AppendInt(append(b, " process "...), int64(e.node), 10)
	b = strconv.AppendInt(append(b, " account "...), int64(e.acct), 10)
	b = append(append(b, ' '), e.kind...)
	b = append(append(b, ' '), e.text...)
	b = strconv.AppendInt(append(b, ' '), int64(e.n), 10)
	b = strconv.AppendInt(append(b, " #"...), int64(e.id), 10)
	b = append(b, '\n')
	h.line = b
	h.sum.Write(b)
	if h.out != nil {
		_, _ = h.out.Write(b)
	}
	if h.check != nil {
		h.check(e)
	}
}

// sha is the SHA-256 of all that was written down.
func (h *history) sha() string { return hex.EncodeToString(h.sum.Sum(nil)) }
