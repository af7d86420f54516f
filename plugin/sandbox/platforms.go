package sandbox

import (
	"context"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/console"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/courier"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/outbox"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/platform"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/sandbox/tester"
)

// Component is a third-party platform (第三方平台), as WeChat's console has it.
type Component = platform.Settings

// Switches say how WeChat is towards platforms where its pages are silent or reports differ.
type Switches = platform.Switches

// Merchant is an account whose owner may authorise platforms.
type Merchant = platform.Merchant

// Scan is a merchant who scans and agrees.
type Scan = console.Scan

// Scanned is what comes of a Scan.
type Scanned = console.Scanned

// Message is what a user writes to an account that has authorised a platform.
type Message = console.Message

// Pushed is what a platform answered to a message.
type Pushed = courier.Answer

// Delivery is what became of an event that was pushed.
type Delivery = outbox.Delivery

// ReleaseTest says how the test before 全网发布 is run.
type ReleaseTest = tester.Options

// ReleaseReport is what came of it.
type ReleaseReport = tester.Report

// Start begins to push: tickets every ten minutes, and events as they happen. stop ends that, and waits for what is under way.
func (s *Sandbox) Start() (stop func()) { return s.courier.Start() }

// Deliver pushes what is due, tickets among it, one after the other.
func (s *Sandbox) Deliver(ctx context.Context) []Delivery { return s.courier.Deliver(ctx) }

// PushTicket pushes a new ticket to a platform, "" being the only one.
func (s *Sandbox) PushTicket(ctx context.Context, component string) (Delivery, error) {
	return s.console.PushTicket(ctx, console.Whose{Component: component})
}

// PutMerchant makes an account known, or replaces it. Any app id can authorise; this says more of one.
func (s *Sandbox) PutMerchant(m Merchant) error {
	_, err := s.console.PutMerchant(context.Background(), m)
	return err
}

// Scan has a merchant scan and agree. The event is pushed by Start or Deliver.
func (s *Sandbox) Scan(scan Scan) (Scanned, error) { return s.console.Scan(context.Background(), scan) }

// Cancel has an account take its authorisation back. The event is pushed by Start or Deliver.
func (s *Sandbox) Cancel(component, appID string) error {
	_, err := s.console.Cancel(context.Background(), console.Of{Component: component, AppID: appID})
	return err
}

// ChangeComponent gives a platform another secret, token or key, from now on; "": the one that it has.
func (s *Sandbox) ChangeComponent(component, secret, token, encodingAESKey string) error {
	_, err := s.console.Change(context.Background(), console.Change{Component: component, AppSecret: secret, Token: token, EncodingAESKey: encodingAESKey})
	return err
}

// Refuse has calls for one account refused, "" being api_authorizer_token; errcode 0: no longer.
func (s *Sandbox) Refuse(appID, path string, errcode int) error {
	_, err := s.console.Refuse(context.Background(), console.Refusal{AppID: appID, Path: path, ErrCode: errcode})
	return err
}

// Message pushes a message of an account, and gives what the platform answered, opened.
func (s *Sandbox) Message(ctx context.Context, m Message) (Pushed, error) {
	return s.console.Message(ctx, m)
}

// TestRelease runs the test before 全网发布 against the URLs of a platform.
func (s *Sandbox) TestRelease(ctx context.Context, o ReleaseTest) (ReleaseReport, error) {
	return s.console.Test(ctx, o)
}

// RefreshRule is what becomes of a refresh token that is used: keep, change or fade.
type RefreshRule = platform.RefreshRule

// PlatformTickets is which tickets getticket gives to platforms: all, jsapi or none.
type PlatformTickets = platform.TicketRule
