package report

// configTexts are the texts about wx.config.
var configTexts = map[ID]mistake{
	// wx.config.
	URLNeeded: {
		Missing,
		Text{"the page's URL is not known", "不知道页面的 URL"},
		Text{"Say it (--url): location.href.split('#')[0].", "请指明（--url）：location.href.split('#')[0]。"},
	},
	URLCheck: {
		Warning,
		Text{"look at the URL first: mostly another one was signed than the page has", "先检查 URL：多数情况是签名的 URL 与页面的不同"},
		Text{"Log location.href.split('#')[0] where the page calls wx.config, and the URL that the server signs, and compare them letter by letter. Kept signatures are good for one URL only; on iOS, a single-page application has the URL of the page that it was entered by.", "在页面调用 wx.config 处打印 location.href.split('#')[0]，与服务端签名的 URL 逐字符对照。缓存的签名只适用于一个 URL；iOS 上的单页应用以进入时的页面 URL 为准。"},
	},
	CardSignature: {
		Mistake,
		Text{"this is the signature of a card ({got}), not of the page", "这是卡券（{got}）的签名，不是页面的"},
		Text{"wx.config has a signature of its own: jsapi_ticket=…&noncestr=…&timestamp=…&url=… with the jsapi_ticket. That of a card goes into its cardExt.", "wx.config 有自己的签名：用 jsapi_ticket 签 jsapi_ticket=…&noncestr=…&timestamp=…&url=…。卡券的签名放在它的 cardExt 里。"},
	},
	ConfigKeys: {
		Mistake,
		Text{"signed with the key {got}", "签名用的键名是 {got}"},
		Text{"Write the keys as jsapi_ticket, noncestr, timestamp, url: all lower case, though the page sends nonceStr.", "键名写作 jsapi_ticket、noncestr、timestamp、url：全小写，虽然页面传的是 nonceStr。"},
	},
	ConfigOrder: {
		Mistake,
		Text{"signed in the order {got}", "签名顺序是 {got}"},
		Text{"Order the keys: jsapi_ticket, noncestr, timestamp, url.", "按键名排序：jsapi_ticket、noncestr、timestamp、url。"},
	},
	ConfigLikeCard: {
		Mistake,
		Text{"signed without keys or without &, as cards are", "没有键名或没有 &，像卡券那样签名了"},
		Text{"Sign jsapi_ticket=…&noncestr=…&timestamp=…&url=….", "要签 jsapi_ticket=…&noncestr=…&timestamp=…&url=…。"},
	},
	ConfigEncoded: {
		Mistake,
		Text{"the text was encoded or lower-cased before it was hashed", "计算哈希前文本被编码或转成了小写"},
		Text{"Hash it raw.", "直接对原文计算。"},
	},
	URLWithFragment: {
		Mistake,
		Text{"the URL was signed with its #…", "签名的 URL 带有 #…"},
		Text{"Cut it off: location.href.split('#')[0].", "去掉它：location.href.split('#')[0]。"},
	},
	URLEncoded: {
		Mistake,
		Text{"the URL was signed encoded", "签名的 URL 是编码过的"},
		Text{"Decode it once after it came in as a parameter, then sign it as the browser shows it.", "作为参数收到后解码一次，再按浏览器显示的原样签名。"},
	},
	URLDecoded: {
		Mistake,
		Text{"the URL was signed decoded", "签名的 URL 被解码了"},
		Text{"Sign it as the browser shows it: do not decode what stands in it.", "按浏览器显示的原样签名：不要解码其中的内容。"},
	},
	URLEscaped: {
		Mistake,
		Text{"the URL was signed with &amp; for &, or the other way round", "签名的 URL 里 & 与 &amp; 不一致"},
		Text{"Do not escape it for HTML before signing.", "签名前不要做 HTML 转义。"},
	},
	URLWithoutQuery: {
		Mistake,
		Text{"the URL was signed without its query", "签名的 URL 没有查询参数"},
		Text{"Sign everything before the #, ?… included.", "# 之前的全部都要签，包括 ?…。"},
	},
	URLParameter: {
		Mistake,
		Text{"the URL was signed without some of its query parameters", "签名的 URL 少了部分查询参数"},
		Text{"Let the page send the URL that it has, at the time of wx.config: WeChat appends parameters to pages that are shared.", "由页面在调用 wx.config 时传当前 URL：分享后的页面会被微信追加参数。"},
	},
	URLScheme: {
		Mistake,
		Text{"the URL was signed with the other of http and https", "签名的 URL 的 http 与 https 不一致"},
		Text{"Take the URL from the page, not from the request that reaches the server behind a proxy.", "URL 取自页面，不要取自代理之后到达服务端的请求。"},
	},
	URLSlash: {
		Mistake,
		Text{"the URL was signed with a / more or less at the end of its path", "签名的 URL 路径末尾多了或少了 /"},
		Text{"Sign it as the browser shows it.", "按浏览器显示的原样签名。"},
	},
	URLPort: {
		Mistake,
		Text{"the URL was signed with a port that the browser does not show, or without the one it shows", "签名的 URL 多了或少了端口"},
		Text{"Take the URL from the page.", "URL 取自页面。"},
	},
	URLHost: {
		Mistake,
		Text{"the URL was signed with a www. more or less", "签名的 URL 多了或少了 www."},
		Text{"Take the URL from the page.", "URL 取自页面。"},
	},
	URLOrigin: {
		Mistake,
		Text{"only the site was signed, not the page's URL", "只签了站点地址，而不是页面的 URL"},
		Text{"Sign the URL of the page itself, with path and query.", "签页面自己的 URL，包括路径和查询参数。"},
	},
}
