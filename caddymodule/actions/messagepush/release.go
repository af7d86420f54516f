package messagepush

import (
	"context"
	"net/http"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/push"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/thirdparty"
	"go.uber.org/zap"
)

// testPatience is what a text may take that the test before 全网发布 waits for.
const testPatience = 30 * time.Second

// answerTest answers a message of one of the accounts that WeChat tests a platform with.
func (p *MessagePush) answerTest(w http.ResponseWriter, m *push.Message, appID, content string) {
	answer := thirdparty.TestAnswer(appID, content, m.Event)
	switch {
	case answer.Text == "":
		answerText(w, pushSuccess)
	case !answer.Send:
		reply := &pushReply{body: m.ReplyText(answer.Text, p.component.WeChatTime())}
		reply.answer(w, p.component.Pushes, m)
	default:
		answerText(w, "")
		go p.send(m, appID, answer)
	}
	p.logger.Info("message of WeChat's test before publishing answered", zap.String("component", p.Component), zap.String("app_id", appID))
}

// send sends a text by the customer-service call, once however often WeChat brings the message.
func (p *MessagePush) send(m *push.Message, appID string, answer thirdparty.Answer) {
	ctx, cancel := context.WithTimeout(context.Background(), testPatience)
	defer cancel()
	_, _, err := p.component.Pushes.DeliverPush(ctx, m, func() (any, error) {
		var caller thirdparty.Caller
		if account, err := p.find(ctx, appID); err == nil {
			caller = account
		}
		return nil, p.component.Say(ctx, appID, caller, answer.Code, m.OpenID, answer.Text)
	})
	if err != nil {
		p.logger.Error("text that WeChat's test before publishing waits for could not be sent",
			zap.String("component", p.Component), zap.String("app_id", appID), zap.Error(err))
	}
}
