package sitetest

// AddCardSite has a route for each kind of configuration.
const AddCardSite = `
	wechat_card /plain add_card {
		card p1 p2
	}
	wechat_card /any add_card {
		card *
		accept outer_str code fixed_begintimestamp
	}
	wechat_card /bound add_card {
		card *
		accept outer_str openid fixed_begintimestamp
	}
	wechat_card /set add_card {
		card p1 {
			outer_str shop-{query.shop}
			code {http.request.header.X-Code}
			openid o123456789012345678901234_-B
			fixed_begintimestamp 1700000000
		}
		card * {
			outer_str any
		}
		accept outer_str code
	}
	wechat_card /none add_card {
		card p1
		accept none
		nonce_str off
		timestamp number
		max_cards 1
	}
	respond /below "passed"
`

// ComponentSite is a site with member_card_component.
const ComponentSite = `
	wechat_card /one member_card_component {
		card p1
	}
	wechat_card /set member_card_component {
		card p1 p2 {
			outer_str "a&b=c %25 {query.shop}"
		}
		card * {
			outer_str "fixed 中"
		}
	}
	wechat_card /any member_card_component {
		card *
		cache off
	}
	wechat_card /custom member_card_component {
		card pCustom
		accept none
	}
`

// OpenCardSite is a site with open_card.
const OpenCardSite = `
	wechat_card /open open_card {
		card p1 p2
	}
	wechat_card /any open_card {
		card *
		max_cards 2
	}
`
