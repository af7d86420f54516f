package verify

// mistakes says for each identifier how bad it is, what it is and what to do, in English and Chinese. {field} and {got} are
// those of the Finding.
var mistakes = map[ID]struct {
	level      Level
	title, fix Text
}{
	// What was sent cannot be read.
	NotJSON: {
		Missing,
		Text{"this is no JSON", "这不是 JSON"},
		Text{"Pass what the client got, as it is: copy it out of the network panel or log it with JSON.stringify.", "请原样传入客户端收到的内容：从网络面板里复制，或用 JSON.stringify 打印出来。"},
	},
	NotRecognised: {
		Missing,
		Text{"nothing that is signed was found in this", "没有找到任何带签名的内容"},
		Text{"Pass the argument of wx.addCard, wx.chooseCard or wx.config, one entry of a cardList, or a cardExt.", "请传入 wx.addCard、wx.chooseCard 或 wx.config 的参数，cardList 中的一项，或一个 cardExt。"},
	},
	CardListText: {
		Mistake,
		Text{"cardList is a string, not a list", "cardList 是字符串，不是数组"},
		Text{"Parse it (JSON.parse), or have the server send a list; only cardExt is a string.", "用 JSON.parse 解析，或让服务端返回数组；只有 cardExt 才是字符串。"},
	},

	// The shape of a cardList.
	TooManyCards: {
		Warning,
		Text{"{got} cards at once", "一次添加了 {got} 张卡券"},
		Text{"Add at most 5 cards with one wx.addCard: more tend to time out. Only the first 20 are checked here.", "每次 wx.addCard 最多传 5 张，多了容易超时。这里只检查前 20 张。"},
	},
	CardExtMissing: {
		Mistake,
		Text{"the entry has no cardExt", "这一项没有 cardExt"},
		Text{"Put the signed fields into cardExt, a string that holds JSON, beside cardId.", "把签名字段放进 cardExt（内容为 JSON 的字符串），与 cardId 并列。"},
	},
	CardExtObject: {
		Mistake,
		Text{"cardExt is an object, not a string", "cardExt 是对象，不是字符串"},
		Text{"Send it as a string: JSON.stringify(cardExt). iOS shows 签名错误 otherwise.", "要以字符串传入：JSON.stringify(cardExt)。否则 iOS 会提示「签名错误」。"},
	},
	CardExtTwice: {
		Mistake,
		Text{"cardExt was made a string twice", "cardExt 被序列化了两次"},
		Text{"Encode it once: one JSON.stringify or json_encode too many turned it into a string inside a string.", "只序列化一次：多了一次 JSON.stringify 或 json_encode，变成了字符串里的字符串。"},
	},
	CardExtNotJSON: {
		Mistake,
		Text{"cardExt holds no JSON object", "cardExt 里不是 JSON 对象"},
		Text{`It must be a string like {"timestamp":"…","nonce_str":"…","signature":"…"}.`, `它必须是形如 {"timestamp":"…","nonce_str":"…","signature":"…"} 的字符串。`},
	},
	CardIDMissing: {
		Mistake,
		Text{"the entry has no cardId", "这一项没有 cardId"},
		Text{"Put cardId beside cardExt, with the card_id that was signed.", "在 cardExt 旁边加上 cardId，值与参与签名的 card_id 相同。"},
	},
	CardIDInside: {
		Mistake,
		Text{"{field} stands inside cardExt", "{field} 写在了 cardExt 里面"},
		Text{"Move it out: it is signed, but stands beside cardExt, as cardId.", "移到外面：它参与签名，但要以 cardId 为名与 cardExt 并列。"},
	},
	CardIDNeeded: {
		Missing,
		Text{"which card it is for is not known", "不知道是哪张卡券"},
		Text{"Say it (--card, card_id): the card's id is signed, but not part of a cardExt.", "请指明（--card、card_id）：card_id 参与签名，但不在 cardExt 里。"},
	},

	// Fields.
	KeyName: {
		Mistake,
		Text{"the key is {got}, WeChat reads {field}", "字段名是 {got}，微信读取的是 {field}"},
		Text{"Call it {field}: under another name it counts as not sent. In cardExt it is nonce_str, in wx.config and wx.chooseCard nonceStr.", "改名为 {field}：名字不对等于没传。cardExt 里用 nonce_str，wx.config 和 wx.chooseCard 里用 nonceStr。"},
	},
	UnknownField: {
		Warning,
		Text{"WeChat knows no field {field} here", "微信这里没有 {field} 这个字段"},
		Text{"Leave it out.", "去掉它。"},
	},
	FieldMissing: {
		Mistake,
		Text{"{field} is missing", "缺少 {field}"},
		Text{"Send it, with the value that was signed.", "请传入它，值与参与签名的相同。"},
	},
	NotAString: {
		Mistake,
		Text{"{field} is not a string", "{field} 不是字符串"},
		Text{"Send it as a string, in quotes: as a number a code loses its zeros, and null is no value.", "用引号以字符串传入：数字会丢掉前导零，null 也不是值。"},
	},
	BlankField: {
		Warning,
		Text{"{field} is sent though it is empty", "{field} 为空却传了"},
		Text{"Leave it out: for a card that takes none, WeChat asks that it is not there.", "不要传：不需要该字段的卡券，微信要求不填。"},
	},
	WhiteSpace: {
		Mistake,
		Text{"{field} holds white space", "{field} 含有空白字符"},
		Text{"Trim it before it is signed and sent: a line break from a file or a form is enough.", "签名和传入之前先去掉首尾空白：文件或表单带来的一个换行就足以出错。"},
	},
	NotDigits: {
		Mistake,
		Text{"{field} is no number of seconds", "{field} 不是秒数"},
		Text{"Send the seconds since 1970, digits only.", "传 1970 年以来的秒数，只含数字。"},
	},
	Milliseconds: {
		Mistake,
		Text{"{field} is in milliseconds", "{field} 是毫秒"},
		Text{"Send and sign seconds: Math.floor(Date.now() / 1000).", "签名和传入都要用秒：Math.floor(Date.now() / 1000)。"},
	},
	TimestampOld: {
		Warning,
		Text{"{field} is {got} old", "{field} 已过去 {got}"},
		Text{"Sign when the user is there; a cardExt that is kept or shared is refused the second time.", "在用户操作时再签名；缓存或共用的 cardExt 第二次使用就会被拒绝。"},
	},
	TimestampAhead: {
		Warning,
		Text{"{field} is {got} ahead", "{field} 超前 {got}"},
		Text{"Set the server's clock (NTP), and use UTC seconds, not local time.", "校准服务器时钟（NTP），并使用 UTC 秒数，不要用本地时间。"},
	},
	NonceMalformed: {
		Mistake,
		Text{"{field} has more than 32 characters, or other than letters and digits", "{field} 超过 32 个字符，或含有字母数字以外的字符"},
		Text{"Use at most 32 letters and digits: a UUID without its dashes is one.", "最多 32 个字母和数字：例如去掉横线的 UUID。"},
	},
	NonceMissing: {
		Warning,
		Text{"there is no nonce_str", "没有 nonce_str"},
		Text{"Sign and send one, new for each card: without it a cardExt can be used again by others.", "为每张卡券生成新的 nonce_str，签名并传入：没有它，cardExt 可能被他人重复使用。"},
	},
	NonceTwice: {
		Mistake,
		Text{"another card of the list has the same {field} and timestamp", "列表中另一张卡券有相同的 {field} 和 timestamp"},
		Text{"Make a new nonce_str for each card: otherwise the phone shows 已领完.", "为每张卡券生成新的 nonce_str，否则手机会提示「已领完」。"},
	},
	CodeMalformed: {
		Mistake,
		Text{"{field} has more than 20 characters, or other than letters and digits", "{field} 超过 20 个字符，或含有特殊字符"},
		Text{"Shorten it: WeChat takes at most 20 letters and digits.", "缩短它：微信最多接受 20 个字母和数字。"},
	},
	CodeTwice: {
		Mistake,
		Text{"another card of the list has the same {field}", "列表中另一张卡券有相同的 {field}"},
		Text{"Give each card a code of its own: one code is good once.", "每张卡券用各自的 code：一个 code 只能领取一次。"},
	},
	OpenIDMalformed: {
		Warning,
		Text{"{field} does not look like an openid", "{field} 不像是 openid"},
		Text{"Send the openid of the user (o and 27 characters), and only for cards with bind_openid.", "传用户的 openid（o 开头共 28 个字符），且只用于设置了 bind_openid 的卡券。"},
	},
	TicketSent: {
		Mistake,
		Text{"{field} was sent to the client", "{field} 被发给了客户端"},
		Text{"Keep it on the server: whoever has it can sign any card. Take it out of the answer, and fetch a new one.", "只能留在服务端：拿到它的人可以为任意卡券签名。从返回内容里去掉，并重新获取。"},
	},
	SignType: {
		Mistake,
		Text{"signType is not SHA1", "signType 不是 SHA1"},
		Text{`Send signType: "SHA1"; it is not signed.`, `传 signType: "SHA1"；它不参与签名。`},
	},
	APIListMissing: {
		Warning,
		Text{"jsApiList is missing", "缺少 jsApiList"},
		Text{`List what the page calls: jsApiList: ["addCard", "openCard", "chooseCard"].`, `列出页面要调用的接口：jsApiList: ["addCard", "openCard", "chooseCard"]。`},
	},

	// App ids.
	AppIDMissing: {
		Mistake,
		Text{"appId is missing", "缺少 appId"},
		Text{"Send the official account's app id.", "传公众号的 appid。"},
	},
	AppIDOfMiniProgram: {
		Mistake,
		Text{"{got} is the app id of a mini program", "{got} 是小程序的 appid"},
		Text{"Use the official account's that created the cards.", "要用创建卡券的公众号的 appid。"},
	},
	AppIDOfOther: {
		Mistake,
		Text{"{got} is the app id of another official account", "{got} 是另一个公众号的 appid"},
		Text{"Use that of the account whose ticket signs.", "要用签名所用 ticket 所属公众号的 appid。"},
	},
	AppIDUnknown: {
		Mistake,
		Text{"{got} is the app id of no account known here", "{got} 不属于这里已知的任何账号"},
		Text{"Use the app id of the official account whose ticket signs.", "要用签名所用 ticket 所属公众号的 appid。"},
	},
	AppIDNeeded: {
		Missing,
		Text{"the official account's app id is not known", "不知道公众号的 appid"},
		Text{"Say it (--app-id): wx.chooseCard signs it, but does not send it.", "请指明（--app-id）：wx.chooseCard 要对它签名，但不传入。"},
	},

	// Tickets.
	TicketNeeded: {
		Missing,
		Text{"there is no {field} to check with", "没有可用于检查的 {field}"},
		Text{"Give one (--ticket for cards, --jsapi-ticket for wx.config), or name an account whose ticket the running Caddy keeps: caddy wechat-card refresh --credential {field}", "请提供（卡券用 --ticket，wx.config 用 --jsapi-ticket），或指明由运行中的 Caddy 保管 ticket 的账号：caddy wechat-card refresh --credential {field}"},
	},
	TicketExpired: {
		Mistake,
		Text{"signed with a ticket that has ended", "使用了已过期的 ticket 签名"},
		Text{"Ask for the ticket anew before it ends (after 7200 s), and keep it in one place for all servers.", "在过期（7200 秒）之前重新获取，所有服务器共用同一处保存的 ticket。"},
	},
	TicketPrevious: {
		Warning,
		Text{"signed with the ticket before the current one", "使用了上一个 ticket 签名"},
		Text{"It works until its end only: let the signer read the ticket anew each time.", "它只在到期前有效：签名时每次都读取当前的 ticket。"},
	},
	TicketOfOther: {
		Mistake,
		Text{"signed with the ticket of the account {got}", "使用了账号 {got} 的 ticket 签名"},
		Text{"Sign with the ticket of the official account that created the card.", "要用创建该卡券的公众号的 ticket 签名。"},
	},
	TicketOfMiniProgram: {
		Mistake,
		Text{"signed with a ticket of the mini program {got}", "使用了小程序 {got} 的 ticket 签名"},
		Text{"Fetch the ticket with the access_token of the official account that created the card, not of the mini program.", "要用创建卡券的公众号（而不是小程序）的 access_token 获取 ticket。"},
	},
	JSAPITicket: {
		Mistake,
		Text{"signed with a jsapi_ticket", "使用了 jsapi_ticket 签名"},
		Text{"Cards want the api_ticket: getticket with type=wx_card. The jsapi_ticket signs wx.config only.", "卡券要用 api_ticket：getticket 时 type=wx_card。jsapi_ticket 只用于 wx.config。"},
	},
	APITicket: {
		Mistake,
		Text{"signed with an api_ticket", "使用了 api_ticket 签名"},
		Text{"wx.config wants the jsapi_ticket: getticket with type=jsapi. The api_ticket signs cards only.", "wx.config 要用 jsapi_ticket：getticket 时 type=jsapi。api_ticket 只用于卡券。"},
	},
	TicketNotSigned: {
		Mistake,
		Text{"signed without a ticket", "签名里没有 ticket"},
		Text{"Put the ticket among the signed values; look whether it was empty.", "把 ticket 放进参与签名的值；检查它是否为空。"},
	},
	TicketAltered: {
		Mistake,
		Text{"the ticket was signed with a line break, a blank or quotes around it", "签名时 ticket 带有换行、空格或引号"},
		Text{"Trim it after reading it from a file or a cache, and do not sign its JSON.", "从文件或缓存读出后去掉首尾空白，也不要用它的 JSON 形式签名。"},
	},

	// Which values were signed.
	NotSigned: {
		Mistake,
		Text{"{field} was not signed", "{field} 没有参与签名"},
		Text{"Sign every value that is sent and belongs to the signature, or do not send it.", "凡是传入且属于签名的值都要签名，否则就不要传。"},
	},
	SignedNotSent: {
		Mistake,
		Text{"{field} was signed but not sent", "{field} 参与了签名但没有传入"},
		Text{"Send what was signed, or do not sign it.", "签了就要传，不传就不要签。"},
	},
	ValueDiffers: {
		Mistake,
		Text{"another {field} was signed than was sent", "签名用的 {field} 与传入的不同"},
		Text{"Make each value once, then sign and send that one.", "每个值只生成一次，签名和传入用同一个。"},
	},
	MustNotBeSigned: {
		Mistake,
		Text{"{field} was signed", "{field} 参与了签名"},
		Text{"Leave it out of the signature: it does not belong to the signed values.", "签名时去掉它：它不属于参与签名的值。"},
	},
	NullSigned: {
		Mistake,
		Text{`"{got}" was signed for {field}, which is empty`, `{field} 为空，却用 "{got}" 参与了签名`},
		Text{"Leave empty values out before they are turned into text.", "转成文本之前先去掉空值。"},
	},
	TimestampDiffers: {
		Mistake,
		Text{"the timestamp {got} was signed, another was sent", "签名用的 timestamp 是 {got}，传入的是另一个"},
		Text{"Read the clock once: sign and send the same seconds.", "只取一次时间：签名和传入用同一个秒数。"},
	},
	TimestampFormat: {
		Mistake,
		Text{"the timestamp was signed as {got}", "timestamp 以 {got} 的形式参与了签名"},
		Text{"Make it an integer before it is turned into text: a float gets a point or an exponent.", "转成文本之前先取整：浮点数会带小数点或指数。"},
	},
	ZerosLost: {
		Mistake,
		Text{"{field} was signed without its leading zeros", "{field} 签名时丢掉了前导零"},
		Text{"Keep it a string from the database to the signature: as a number it loses its zeros.", "从数据库到签名都保持字符串：转成数字会丢掉前导零。"},
	},
	EntriesMixed: {
		Mistake,
		Text{"signed with the {field} of another card of the list", "签名用的 {field} 属于列表中的另一张卡券"},
		Text{"Make the signature inside the loop, with the values of this very card.", "在循环内为每张卡券用它自己的值签名。"},
	},

	// How they were put together.
	NotSorted: {
		Mistake,
		Text{"the values were not sorted: signed as {got}", "没有排序：签名顺序是 {got}"},
		Text{"Sort the values themselves by their bytes, then join them. The order in which the documentation or its tool lists them does not count.", "对值本身按字节排序后再拼接。文档或工具里的显示顺序不算数。"},
	},
	SortedByKey: {
		Mistake,
		Text{"sorted by the names of the fields", "按字段名排序了"},
		Text{"Sort the values, not their names.", "要对值排序，而不是字段名。"},
	},
	SortIgnoresCase: {
		Mistake,
		Text{"sorted without regard to upper and lower case", "排序时忽略了大小写"},
		Text{"Sort by bytes: upper case comes before lower case.", "按字节排序：大写在小写之前。"},
	},
	SortLocale: {
		Mistake,
		Text{"sorted by the rules of a language", "按语言规则排序了"},
		Text{"Sort by bytes (ordinal): no localeCompare, no Collator, no culture.", "按字节（ordinal）排序：不要用 localeCompare、Collator 或区域设置。"},
	},
	SortNumeric: {
		Mistake,
		Text{"numbers were sorted by their size", "数字按大小排序了"},
		Text{"Sort all values as strings: in PHP sort($values, SORT_STRING).", "所有值都按字符串排序：PHP 用 sort($values, SORT_STRING)。"},
	},
	SortUTF16: {
		Mistake,
		Text{"sorted by UTF-16 units", "按 UTF-16 编码单元排序了"},
		Text{"Sort by the bytes of UTF-8, and keep codes to letters and digits.", "按 UTF-8 字节排序，code 只用字母和数字。"},
	},
	SortDescending: {
		Mistake,
		Text{"sorted backwards", "按降序排序了"},
		Text{"Sort in ascending order.", "按升序排序。"},
	},
	Deduplicated: {
		Mistake,
		Text{"values that are equal were signed once", "相同的值只签了一次"},
		Text{"Sort a list, not a set: equal values are joined twice.", "用列表而不是集合排序：相同的值要拼接两次。"},
	},
	JoinedAmpersand: {
		Mistake,
		Text{"the values were joined with &", "值之间用 & 拼接了"},
		Text{"Join them without anything between them. With & is the rule of wx.config.", "直接拼接，中间什么都不加。用 & 是 wx.config 的规则。"},
	},
	JoinedSeparator: {
		Mistake,
		Text{"the values were joined with {got}", "值之间用 {got} 拼接了"},
		Text{"Join them without anything between them.", "直接拼接，中间什么都不加。"},
	},
	KeyValue: {
		Mistake,
		Text{"signed as key=value", "以 key=value 的形式签名了"},
		Text{"Join the bare values. key=value is the rule of wx.config and of payments.", "只拼接值。key=value 是 wx.config 和支付的规则。"},
	},
	ValuesEncoded: {
		Mistake,
		Text{"the values were URL-encoded", "值经过了 URL 编码"},
		Text{"Sign them raw.", "用原始值签名。"},
	},
	ValuesCase: {
		Mistake,
		Text{"letters were changed to {got} before signing", "签名前把字母转成了 {got}"},
		Text{"Sign the values as they are; only the hex digits of the result are lower case.", "用原样的值签名；只有结果的十六进制数字是小写。"},
	},
	ValuesQuoted: {
		Mistake,
		Text{"the values were signed with quotes around them", "签名时值带有引号"},
		Text{"Sign the values, not their JSON or SQL.", "对值签名，而不是它们的 JSON 或 SQL 形式。"},
	},
	TextUTF16: {
		Mistake,
		Text{"the text was hashed as UTF-16", "文本以 UTF-16 计算了哈希"},
		Text{"Hash its UTF-8 bytes: in .NET Encoding.UTF8, not Encoding.Unicode.", "用 UTF-8 字节计算：.NET 用 Encoding.UTF8，不要用 Encoding.Unicode。"},
	},
	TextEnding: {
		Mistake,
		Text{"the text was hashed with a line break or a zero byte behind it", "计算哈希时文本末尾多了换行或零字节"},
		Text{"Hash the text alone: echo -n, not echo.", "只对文本本身计算：用 echo -n 而不是 echo。"},
	},

	// How the signature is written.
	SignatureMissing: {
		Mistake,
		Text{"there is no signature", "没有签名"},
		Text{"Send signature in cardExt and wx.config, cardSign in wx.chooseCard.", "cardExt 和 wx.config 里传 signature，wx.chooseCard 里传 cardSign。"},
	},
	SignatureUpperCase: {
		Mistake,
		Text{"the signature is in upper case", "签名是大写的"},
		Text{"Write it with lower-case hex digits.", "用小写的十六进制。"},
	},
	SignatureBase64: {
		Mistake,
		Text{"the signature is Base64", "签名是 Base64"},
		Text{"Write it as 40 lower-case hex digits.", "写成 40 位小写十六进制。"},
	},
	SignatureZeros: {
		Mistake,
		Text{"the signature lacks zeros", "签名缺少零"},
		Text{`Write each byte with two hex digits: in Java String.format("%02x", b), not Integer.toHexString(b).`, `每个字节写两位十六进制：Java 用 String.format("%02x", b)，不要用 Integer.toHexString(b)。`},
	},
	SignatureWhiteSpace: {
		Mistake,
		Text{"there is white space around the signature", "签名前后有空白字符"},
		Text{"Trim it.", "去掉首尾空白。"},
	},
	HashMD5: {
		Mistake,
		Text{"the hash is MD5", "用的是 MD5"},
		Text{"Use SHA-1.", "改用 SHA-1。"},
	},
	HashSHA256: {
		Mistake,
		Text{"the hash is SHA-256", "用的是 SHA-256"},
		Text{"Use SHA-1.", "改用 SHA-1。"},
	},
	SignatureMalformed: {
		Mistake,
		Text{"the signature is no SHA-1", "签名不是 SHA-1"},
		Text{"Send the SHA-1 as 40 lower-case hex digits.", "传 SHA-1 的 40 位小写十六进制。"},
	},
	SampleSignature: {
		Mistake,
		Text{"the signature is a sample from the documentation", "签名是文档里的示例"},
		Text{"Compute it: no ticket gives this one.", "请自己计算：没有任何 ticket 能得出它。"},
	},
	SignatureUnknown: {
		Mistake,
		Text{"the signature is wrong, and none of {got} ways to go wrong gives it", "签名不对，{got} 种常见错误都得不出它"},
		Text{"Most often it is a ticket that is not known here (ended, of another account, of the mini program), or a value was signed that was not sent: name it with --signed. Compare what the signer hashes with the text shown here.", "多半是用了这里不知道的 ticket（已过期、其他公众号或小程序的），或者签了没有传入的值：用 --signed 指明。把服务端计算哈希的文本与这里显示的对照。"},
	},

	// wx.config.
	URLNeeded: {
		Missing,
		Text{"the page's URL is not known", "不知道页面的 URL"},
		Text{"Say it (--url): location.href.split('#')[0].", "请指明（--url）：location.href.split('#')[0]。"},
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
