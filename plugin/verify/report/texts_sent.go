package report

// sentTexts are the texts about what was sent: its shape and its fields.
var sentTexts = map[ID]mistake{
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
	CardExtHTML: {
		Mistake,
		Text{"cardExt is escaped for HTML", "cardExt 经过了 HTML 转义"},
		Text{"Do not escape it, or undo it: hand it to JavaScript as JSON, not through the text of a template.", "不要转义，或先还原：以 JSON 交给 JavaScript，不要经过模板的文本输出。"},
	},
	CardExtPercent: {
		Mistake,
		Text{"cardExt is percent-encoded", "cardExt 经过了 URL 编码"},
		Text{"Decode it (decodeURIComponent) as often as it was encoded on the way to the page.", "在途中编码了几次，就要解码（decodeURIComponent）几次。"},
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
	CardIDSpelling: {
		Mistake,
		Text{"the {field} that was sent is not that of the card {got}: letter case or blanks differ", "传入的 {field} 与卡券 {got} 的大小写或空白不一致"},
		Text{"Ids are compared letter by letter: keep WeChat's as it is, also in the database.", "ID 逐字符比较：原样保留微信给的值，存入数据库时也一样。"},
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
	FieldTwice: {
		Warning,
		Text{"{field} stands there twice", "{field} 出现了两次"},
		Text{"Send it once: which of the two counts is left to who reads it. Here the last one does.", "只传一次：哪一个算数由读取方决定，这里以最后一个为准。"},
	},
	WordSent: {
		Warning,
		Text{`{field} is the word "{got}"`, `{field} 的内容是 "{got}" 这个词`},
		Text{"Where there is no value, leave the field out, of the signature too: a program wrote the word for nothing.", "没有值时不要传这个字段，也不要参与签名：这个词是程序把空值转成文本写出来的。"},
	},
	BytesSent: {
		Mistake,
		Text{"{field} is sent as b'…'", "{field} 以 b'…' 的形式传入"},
		Text{"That is Python's text for bytes: decode them (value.decode()), instead of str(value).", "这是 Python 对 bytes 的文本表示：要解码（value.decode()），不要用 str(value)。"},
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
}
