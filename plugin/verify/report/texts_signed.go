package report

// signedTexts are the texts about what was signed, and how.
var signedTexts = map[ID]mistake{
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
	SignedTwice: {
		Mistake,
		Text{"{field} was signed twice", "{field} 签了两次"},
		Text{"Put each value into the list once, and make the list anew for each signature.", "每个值只放进列表一次，每次签名都新建列表。"},
	},
	ValueCase: {
		Mistake,
		Text{"{field} was signed in another letter case than it was sent in", "签名用的 {field} 与传入的大小写不一致"},
		Text{"Sign and send it letter by letter as it is.", "签名和传入都逐字符保持原样。"},
	},
	ValuePadded: {
		Mistake,
		Text{"{field} was signed with a blank, a line break or an invisible character around it", "签名用的 {field} 前后带有空格、换行或不可见字符"},
		Text{"Trim it after reading it from a file, a form or a database, before it is signed.", "从文件、表单或数据库读出后，先去掉首尾空白再签名。"},
	},
	OtherCard: {
		Mistake,
		Text{"signed for another card: {got}", "签名用的是另一张卡券：{got}"},
		Text{"Sign and send the id of one and the same card.", "签名和传入用同一张卡券的 card_id。"},
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
	TextASCII: {
		Mistake,
		Text{"letters that are not ASCII were hashed as ?", "非 ASCII 字符按 ? 计算了哈希"},
		Text{"Hash the UTF-8 bytes: in .NET Encoding.UTF8, not Encoding.ASCII. Invisible characters count, too: look for them in ticket and URL.", "用 UTF-8 字节计算：.NET 用 Encoding.UTF8，不要用 Encoding.ASCII。不可见字符也算：检查 ticket 和 URL 里有没有。"},
	},
	TextEnding: {
		Mistake,
		Text{"the text was hashed with a line break or a zero byte behind it", "计算哈希时文本末尾多了换行或零字节"},
		Text{"Hash the text alone: echo -n, not echo.", "只对文本本身计算：用 echo -n 而不是 echo。"},
	},
	BytesSigned: {
		Mistake,
		Text{"b'…' was signed", "把 b'…' 也签进去了"},
		Text{"That is Python's text for bytes: decode them (value.decode()) before they become text, and hash text.encode().", "这是 Python 对 bytes 的文本表示：转成文本前先解码（value.decode()），计算哈希时用 text.encode()。"},
	},
	JSONSigned: {
		Mistake,
		Text{"JSON was hashed: {got}", "对 JSON 计算了哈希：{got}"},
		Text{"Hash the text that the rule gives. Cards: the sorted values, one right behind the other. wx.config: jsapi_ticket=…&noncestr=…&timestamp=…&url=….", "按规则拼出的文本才是要计算的。卡券：排序后的值直接相连；wx.config：jsapi_ticket=…&noncestr=…&timestamp=…&url=…。"},
	},
	ListSigned: {
		Mistake,
		Text{"a list or map was turned into text and hashed: {got}", "把列表或映射整个转成文本计算了哈希：{got}"},
		Text{`Join the values yourself: in Java String.join("", list), in Python "".join(list), not the text of the list.`, `自己拼接各个值：Java 用 String.join("", list)，Python 用 "".join(list)，不要用列表本身的文本。`},
	},
	ConstantSigned: {
		Mistake,
		Text{`not the values were hashed, but the text "{got}"`, `计算哈希的不是各个值，而是文本 "{got}"`},
		Text{"A program wrote that for an object, or for nothing: join the values to a string, and hash that.", "这是程序对某个对象或空值写出的文本：把各个值拼成字符串，再对它计算哈希。"},
	},
	ConfigSignature: {
		Mistake,
		Text{"this is the signature of wx.config", "这是 wx.config 的签名"},
		Text{"A card has a signature of its own: the sorted values with the api_ticket, without keys and URL.", "卡券有自己的签名：各个值与 api_ticket 一起排序后拼接，没有键名和 URL。"},
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
	SignatureSigned: {
		Mistake,
		Text{"the bytes of the signature were written as signed numbers", "签名的字节按有符号数写成了文本"},
		Text{`Write each byte with two hex digits: in Java String.format("%02x", b), not Integer.toHexString(b), which writes ffffff before some.`, `每个字节写两位十六进制：Java 用 String.format("%02x", b)，不要用 Integer.toHexString(b)，它会在部分字节前写出 ffffff。`},
	},
	SignatureSeparated: {
		Mistake,
		Text{"there is something between the bytes of the signature", "签名的字节之间有分隔符"},
		Text{`Take it out: in .NET BitConverter.ToString(hash).Replace("-", "").ToLower().`, `去掉分隔符：.NET 用 BitConverter.ToString(hash).Replace("-", "").ToLower()。`},
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
	HashHMAC: {
		Mistake,
		Text{"the hash is an HMAC", "用的是 HMAC"},
		Text{"Use plain SHA-1 without a key: the ticket is one of the values. HMAC is a rule of payments.", "直接用 SHA-1，没有密钥：ticket 是参与签名的值之一。HMAC 是支付的规则。"},
	},
	HashTwice: {
		Mistake,
		Text{"the hash was hashed again", "对哈希结果又算了一次哈希"},
		Text{"Hash once: look whether a helper does it already.", "只算一次：检查工具函数里是否已经算过。"},
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
		Text{"It may be a ticket that is not known here (ended, of another account, of the mini program), a value that was signed and not sent (name it with --signed), or in a card the signature of wx.config (give its page with --url). Compare what the signer hashes with the text shown here.", "可能是用了这里不知道的 ticket（已过期、其他公众号或小程序的），签了没有传入的值（用 --signed 指明），或者卡券误用了 wx.config 的签名（用 --url 给出页面）。把服务端计算哈希的文本与这里显示的对照。"},
	},
}
