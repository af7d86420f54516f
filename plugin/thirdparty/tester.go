package thirdparty

import "strings"

// testers are the accounts that WeChat tests a platform with before 全网发布, by app id, with their original ids.
// The list is that of WeChat's page 全网发布接入检测说明 since 2021-01-18.
var testers = map[string]tester{
	"wx570bc396a51b8ff8": {"gh_3c884a361561", false},
	"wx9252c5e0bb1836fc": {"gh_c0f28a78b318", false},
	"wx8e1097c5bc82cde9": {"gh_3f222ed8d140", false},
	"wx14550af28c71a144": {"gh_26128078e9ab", false},
	"wxa35b9c23cfe664eb": {"gh_2b3713f184a6", false},
	"wxd101a85aa106f53e": {"gh_8dad206e9538", true},
	"wxc39235c15087f6f3": {"gh_905ae9d01059", true},
	"wx7720d01d4b2a4500": {"gh_393666f1fdf4", true},
	"wx05d483572dcd5d8b": {"gh_39abb5d4e1b7", true},
	"wx5910277cae6fd970": {"gh_7818dcb60240", true},
}

type tester struct {
	userName      string
	isMiniProgram bool
}

// Answer is what the test wants as the answer to a message.
type Answer struct {
	Text string // a text for the user; "": there is none
	Send bool   // the text goes by the customer-service call, and the answer is empty
	Code string // with Send: the code whose token the call takes; "": the account's own token
}

// The texts of the test.
const (
	testText      = "TESTCOMPONENT_MSG_TYPE_TEXT"
	testCode      = "QUERY_AUTH_CODE:"
	textAnswer    = "_callback"
	codeAnswer    = "_from_api"
	eventAnswer   = "from_callback"
	maxTestedCode = 512
)

// IsTester tells whether messages to an account are those of the test: its app id and its original id are those of one pair.
func IsTester(appID, userName string) bool {
	t, ok := testers[appID]
	return ok && t.userName == userName
}

// TestAnswer is what the test wants as the answer to a message of one of its accounts: what a user wrote, or an event's name. The zero
// Answer: nothing.
func TestAnswer(appID, content, event string) Answer {
	isMiniProgram := testers[appID].isMiniProgram
	switch code, isCode := strings.CutPrefix(content, testCode); {
	case content == testText:
		return Answer{Text: content + textAnswer, Send: isMiniProgram}
	case isCode:
		if code = strings.TrimSpace(code); code == "" || len(code) > maxTestedCode {
			return Answer{}
		}
		return Answer{Text: code + codeAnswer, Send: true, Code: code}
	case event != "" && !isMiniProgram:
		return Answer{Text: event + eventAnswer}
	}
	return Answer{}
}
