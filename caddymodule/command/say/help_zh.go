package say

// helpZH has the Chinese of the help: of each paragraph, and of what is said of each flag. In the English, white space of any
// length is one blank.
var helpZH = map[string]string{
	// caddy wechat-card
	"Looks after the WeChat card gateway: its credentials, its cards, and what phones refuse": "管理微信卡券网关：凭据、卡券，以及手机拒绝的签名",
	"status, refresh, push, listen, accounts and, unless it has a --ticket, verify ask the running Caddy through its admin API. doctor, card, form, jump, whitelist and record read a configuration and call WeChat by themselves; trigger reads one and calls the running Caddy. See the subcommands.": `status、refresh、push、listen、accounts 以及不带 --ticket 的 verify 通过 admin API 查询运行中的 Caddy。doctor、card、form、jump、
whitelist 和 record 读取配置并自行调用微信；trigger 读取配置并调用运行中的 Caddy。详见各子命令。`,

	"help for %s": "显示 %s 的说明",

	// accounts
	"Lists, writes and removes accounts that are data, seals their values, and backs up authorisations": "列出、写入和删除作为数据的账号，加密其中的值，备份授权",
	"Accounts that are data lie where \"accounts\" in the global option says: in a folder, in a Redis, behind a URL, or with a component whom merchants authorise. list, show, add, remove and refresh ask the running Caddy; export and import read and write its store by themselves; seal needs neither.": `作为数据的账号在全局选项的 "accounts" 所指的地方：目录里、Redis 里、某个 URL 后面，或者由商户授权给第三方平台（component）。
list、show、add、remove 和 refresh 通过 admin API 询问运行中的 Caddy；export 和 import 自行读写它的存储；seal 两者都不需要。`,
	"Lists the accounts that are data, sorted by app_id": "列出作为数据的账号，按 app_id 排序",
	"Lists the accounts of all sources, sorted by app_id: alias, source, and whether requests of the last day used them in the running Caddy. Of accounts behind a URL only that server knows the list. Nothing secret is shown.": `列出所有来源的账号，按 app_id 排序：别名、来源，以及最近一天运行中的 Caddy 是否有请求用过它。在 URL 后面的账号只有
那台服务器知道有哪些。不显示任何密钥。`,
	"The exit status is 1 when a source, or the data of an account, could not be read; the others are listed all the same.": "有来源或账号的数据读不出来时退出码为 1；其余的仍会列出。",
	"Shows one account as JSON, without its secrets":                                                                        "以 JSON 显示一个账号，不含密钥",
	"Shows what an account's source has of it just now, as JSON: which secrets there are, never the secrets; with a component what the merchant has granted; and how its credentials stand where the running Caddy has it in use.": `以 JSON 显示来源里这个账号目前的内容：有哪些密钥（从不显示密钥本身）；授权给第三方平台的，显示商户授予了什么；运行中的 Caddy
正在使用它时，显示凭据的状态。`,
	"Writes an account, in the place of what there is of it": "写入一个账号，取代已有的内容",
	"Writes the account whose JSON object is in a file or comes from standard input into a source: the one that has it, or else the first one that takes accounts, unless --source says which. Every Caddy that has the source serves it within a second.": `把文件或标准输入里的 JSON 对象写成一个账号：写入已有它的来源，否则写入第一个可写的来源，也可以用 --source 指定。所有使用该来源的
Caddy 一秒内就会为它服务。`,
	"The object has \"app_id\", \"app_secret\" and what else docs/reference/global-option.md lists. Of an account that authorised a component it has \"app_id\" and what is set beside the authorisation: \"alias\", \"key\", \"mini_program\", \"limit\". A value may be sealed before, by accounts seal.": `对象里有 "app_id"、"app_secret"，以及 docs/reference/global-option.zh-CN.md 列出的其他字段。授权给第三方平台的账号写 "app_id" 和
授权之外的设置："alias"、"key"、"mini_program"、"limit"。值可以先用 accounts seal 加密。`,
	"The source, as accounts list names it, such as \"file /etc/caddy/accounts\"":                                                                                                           "来源，写法与 accounts list 显示的相同，例如 \"file /etc/caddy/accounts\"",
	"Removes an account from the source that has it":                                                                                                                                        "从所在的来源删除一个账号",
	"Removes an account from the source that has it. Every Caddy that has the source stops serving it within a second.":                                                                     "从所在的来源删除一个账号。所有使用该来源的 Caddy 一秒内停止为它服务。",
	"Of an account that authorised a component this forgets the refresh token: WeChat is not told, and only the merchant's next authorisation brings it back. It asks first.":               "对授权给第三方平台的账号，会丢弃它的 refresh token：不会通知微信，要等商户再次授权才能恢复。会先询问。",
	"Looks at an account's data anew, and fetches its credentials anew":                                                                                                                     "重新读取一个账号的数据，并重新获取它的凭据",
	"Looks at an account's data anew, also where an answer is cached, fetches the credentials of it that are in use anew, whatever failed before, and shares them with the other machines.": "重新读取账号的数据（即使响应还在缓存期内），不管之前失败过什么，立即重新获取它正在使用的凭据，并与其他机器共享。",
	"Seals a value for an account's data": "为账号的数据加密一个值",
	"Reads a value from standard input, such as an app_secret, and prints what stands for it in an account's data: \"sealed:\" and base64. The gateway opens it with the same key, which \"seal_key\" in the global option has. White space around the value and the key goes.": `从标准输入读取一个值（例如 app_secret），打印在账号数据里代替它的文字："sealed:" 加 base64。网关用同一个密钥打开它，即全局选项
里的 "seal_key"。值和密钥首尾的空白会去掉。`,
	"The key has 32 characters at least; openssl rand -base64 32 prints one.":                  "密钥至少 32 个字符；可用 openssl rand -base64 32 生成。",
	"A file that holds the seal_key of the configuration":                                      "写有配置里 seal_key 的文件",
	"A file whose first line is the passphrase":                                                "第一行是口令的文件",
	"Writes what components hold of authorised accounts into a file, sealed with a passphrase": "把第三方平台持有的授权写入文件，用口令加密",
	"Writes the verify ticket and each merchant's refresh token, with what was set for the account, into a file that is sealed with a passphrase: what WeChat gives to nobody again without the merchant. It reads the store by itself, as the running Caddy writes it, and changes nothing. Run it on a machine that has the store, as the user that Caddy runs as.": `把 verify ticket、每个商户的 refresh token 以及为该账号所做的设置写入文件，用口令加密：没有商户，这些微信不会再给任何人。它自行读取
运行中的 Caddy 所写的存储，不做任何修改。请在有该存储的机器上，以运行 Caddy 的用户执行。`,
	"Accounts in a folder or in a Redis of your own are files and keys already, and not in it.": "目录里或您自己的 Redis 里的账号本来就是文件和键，不在其中。",
	"Puts what accounts export wrote back into the store":                                       "把 accounts export 写出的内容放回存储",
	"Puts what accounts export wrote back into the store of the configuration, component by component. What is newer there stays, so that it does no harm to do it twice, or while Caddy runs, which takes over within a second what was missing.": `把 accounts export 写出的内容逐个第三方平台放回配置的存储。存储里更新的内容会保留，所以重复执行、或在 Caddy 运行时执行都没有害处；缺少的
内容 Caddy 会在一秒内用上。`,

	// record
	"Writes how a real account answers into a file, without anything that is anybody's": "把真实公众号的返回写入文件，其中不含任何人的信息",
	"Makes a dozen calls of WeChat's that change nothing, and writes the answers into a file that anybody may see: for those who make this plugin, to whom no real account is at hand. docs/tried.md says what for.": `对微信发起十几次只读调用，把返回写入一个可以公开的文件：供本插件的开发者使用，他们手边没有真实的公众号。用途见
docs/tried.md。`,
	"Of the answers it keeps errcodes, the names of fields, the types and lengths of values, and what is true or false. Every other value becomes <kind:length>: no phone number, code, ticket, id or address is left. Look at the file all the same before you pass it on.": `返回内容里只保留 errcode、字段名、值的类型和长度，以及布尔值。其他值都变成 <类型:长度>：不会留下手机号、code、ticket、id 或地址。
交给别人之前仍请自己看一遍。`,
	"The file is not overwritten unless --force says so. What WeChat does not answer to is left out of it, and named. The exit status is 0 when all is in it, 1 when something is missing or WeChat could not be asked, and 2 when the command is not called like this.": "除非有 --force，不会覆盖已有文件。微信没有返回的调用不写入，并会列出。全部写成时退出码为 0，有缺失或无法调用微信为 1，用法不对为 2。",
	"A card to ask for; default: the first one that WeChat lists": "要查询的卡券；默认为微信列出的第一张",
	"Overwrite the file": "覆盖已有文件",

	// trigger
	"Sends a card event through the running gateway to your backend, as WeChat would": "像微信一样，把卡券事件经运行中的网关推送给后端",
	"Makes a card event, signs and encrypts it with the account's message_push settings of the configuration, and sends it to the route with message_push of the running Caddy, or to --to. The backend gets it as it gets WeChat's. Nothing is asked of WeChat.": `生成卡券事件，用配置里公众号的 message_push 设置签名并加密，发给运行中的 Caddy 里的 message_push 路由，或 --to 指定的地址。
后端收到的与微信推送的一样。不会调用微信。`,
	"The events: %s.": "事件有：%s。",
	"A field that is not named has a value that is good for trying; --field sets any, also one that the event does not have. Each event has a code of its own, so that it is a new message; with --code it is the same one within a second, which the gateway delivers once.": `没有指定的字段用适合试验的值；--field 可以设置任何字段，包括该事件没有的。每次的 code 都不同，因此都是新消息；用 --code 指定时，
一秒内的是同一条消息，网关只投递一次。`,
	"Where api is no sandbox, the backend may be the real one: then it shows the message and asks first.":                                               "api 不是沙箱时，后端可能是正式环境的：会先显示消息并询问。",
	"The exit status is 0 when the backend accepted the message, 1 when it did not or nobody said yes, and 2 when the command is not called like this.": "后端接受了消息时退出码为 0，未接受或没有确认为 1，用法不对为 2。",
	"The URL to send it to; default: the route with message_push in the configuration, on this machine":                                                 "推送地址；默认为配置里 message_push 的路由，在本机",
	"CardId; default: the first card of the account's routes":                                                                                           "CardId；默认为该公众号路由里的第一张卡券",
	"UserCardCode; default: a new one": "UserCardCode；默认每次新生成",
	"FromUserName, the user's openid at the official account; default: one that is made up": "FromUserName，用户在公众号下的 openid；默认是虚构的",
	"OuterStr": "OuterStr 字段", "UnionId": "UnionId 字段",
	"Any field of the event, as in IsGiveByFriend=1; repeatable":                        "事件的任意字段，如 IsGiveByFriend=1；可重复",
	"How the message is written, as the account's console says: xml or json":            "消息格式，与公众平台的设置一致：xml 或 json",
	"ToUserName, the official account's original id":                                    "ToUserName，公众号的原始 ID",
	"The app_id of the third-party platform to encrypt for; default: the account's own": "加密对象，即第三方平台的 AppID；默认为公众号自己的",

	// listen
	"Shows what WeChat pushes and what the backend answers, as it happens": "实时显示微信推送的消息和后端的响应",
	"Shows each message that WeChat pushes, in plain, and what the backend answered to it, until it is interrupted. The messages hold openids and card codes: mind who looks on. Those of a third-party platform, which hold its tickets, are not shown.": `显示微信推送的每条消息（明文）和后端的响应，直到中断。消息里有 openid 和卡券 code，请留意旁观者。第三方平台的消息带有其
ticket，不会显示。`,
	"It listens to the Caddy of this machine; the other machines of a fleet get messages, too.": "只监听本机的 Caddy；集群里的其他机器也会收到消息。",
	"Print a line of JSON for each message, for scripts":                                        "每条消息打印一行 JSON，供脚本使用",

	// Flags that several have.
	"The address of the admin API; default: as in --config, else Caddy's own": "admin API 的地址；默认取 --config 里的，否则为 Caddy 的默认地址",
	"A configuration file that says where the admin API is":                   "写有 admin API 地址的配置文件",
	"The name of the config adapter for --config":                             "--config 的配置适配器名称",
	"The configuration file; default: the Caddyfile in this folder":           "配置文件；默认为当前目录的 Caddyfile",
	"The account of the configuration; default: %s":                           "配置里的公众号；默认 %s",
	"The account of the configuration; default: all":                          "配置里的公众号；默认全部",
	"Without a configuration: the account's app_id; its secret is in $%s":     "没有配置文件时：公众号的 app_id；AppSecret 在环境变量 $%s 里",
	"Without a configuration: the base URL of the API; default: WeChat's":     "没有配置文件时：接口的基础地址；默认为微信的",
	"Do not ask": "不询问",

	// status and refresh
	"Shows how the credentials stand, and what to do where they do not": "显示凭据的状态，以及出问题时该怎么办",
	"Shows for each account how its access_token and tickets stand in the running Caddy: ✓ it is well, ! it is served but there is something to do, ✗ there is none to serve.": `显示运行中的 Caddy 里每个公众号的 access_token 和 ticket 的状态：
✓ 正常，! 可用但需要处理，✗ 不可用。`,
	"The exit status is 0 when all is well, and 1 when there is something to do or Caddy does not answer.":           "一切正常时退出码为 0；需要处理或 Caddy 没有响应时为 1。",
	"Print the answer of the admin API, for scripts":                                                                 "打印 admin API 返回的内容，供脚本使用",
	"Fetches credentials anew, now":                                                                                  "立即重新获取凭据",
	"Fetches the credentials that are in use anew, whatever failed before, and shares them with the other machines.": "不管之前失败过什么，立即重新获取正在使用的凭据，并与其他机器共享。",
	"WeChat gives a stable access_token again as long as it is good; --force makes it give a new one, of which there are 20 a day. The old one ends within five minutes.": `稳定版 access_token 在有效期内，微信会返回同一个值；--force 让微信换一个新的，每天限 20 次。旧的会在五分钟内失效。`,
	"The exit status is 1 when anything could not be refreshed.":   "有凭据未能刷新时退出码为 1。",
	"The account; default: all":                                    "公众号；默认全部",
	"One of %s; default: all that are in use":                      "%s 之一；默认为正在使用的全部凭据",
	"Have WeChat replace a stable access_token that is still good": "让微信替换仍然有效的稳定版 access_token",

	// push
	"Lists messages of WeChat's that no backend has accepted, and brings them again":                                                                                         "列出没有后端接受的微信消息，并重新推送",
	"Where a route's message_push says \"keep <n>\", messages that the backend does not accept are kept, sealed, for up to seven days. WeChat itself gives up much earlier.": "路由的 message_push 写了 \"keep <n>\" 时，后端没有接受的消息会加密保留，最多七天。微信自己很早就会放弃重试。",
	"Lists the messages that no backend has accepted, the oldest first":                                                                                                      "列出没有后端接受的消息，最早的在前",
	"Lists the messages that are kept because no backend has accepted them, the oldest first: id, account, event, card, when each failed first, how often it has failed, and the status that the backend answered with last (0: none). Their text is not shown.": `列出因没有后端接受而保留的消息，最早的在前：id、公众号、事件、卡券、首次失败的时间、失败次数，以及后端最后返回的状态码
（0：没有响应）。不显示消息内容。`,
	"Print an array, for scripts":                        "打印 JSON 数组，供脚本使用",
	"Brings messages again that no backend has accepted": "重新推送没有后端接受的消息",
	"Brings messages to the backend again, one after the other, through the route that received them, as if WeChat pushed them once more. What is accepted now is not kept any longer. Replies are not sent to users: WeChat waits no more.": `通过收到消息的路由，把消息逐条重新推送给后端，就像微信又推送了一次。被接受的不再保留。回复不会发给用户：微信已不再等待。`,
	"The exit status is 0 when all were accepted.": "全部被接受时退出码为 0。",
	"Bring all messages that are kept":             "推送所有保留的消息",

	// verify
	"Says why a phone refuses a cardExt, or a page's wx.chooseCard or wx.config": "说明手机为什么拒绝 cardExt，或网页的 wx.chooseCard、wx.config",
	"Takes what was passed to wx.addCard, wx.chooseCard or wx.config, as JSON from a file or from standard input: the whole argument, one entry of its cardList, a cardExt by itself (then with --card), or an answer of a backend that holds it. Says whether a phone takes it, the right signature and what it signs, and, by making the usual mistakes until one gives the signature that was sent, what went wrong. Nothing is asked of WeChat.": `从文件或标准输入读取传给 wx.addCard、wx.chooseCard 或 wx.config 的 JSON：整个参数、cardList 里的一项、单独的 cardExt（要加
--card），或包含它的后端响应。说明手机是否会接受、正确的签名和它所签的内容；并逐一尝试常见错误，直到得出传入的签名，从而
指出错在哪里。不会调用微信。`,
	"It is compared with the tickets that the running Caddy keeps, which stay there; only masked ones are shown. With --ticket or --jsapi-ticket no running Caddy is needed. Tickets are best not typed into a shell, which remembers them:": `与运行中的 Caddy 保管的 ticket 比对，ticket 不会外传，只显示打码后的。有 --ticket 或 --jsapi-ticket 时不需要运行中的
Caddy。ticket 最好不要直接写在命令行里，shell 会记住它：`,
	"What was signed but not sent cannot be guessed. Name it: --signed nonce_str=5K8264ILTKCH16CQ":            "参与了签名但没有传出来的值无法猜到，请指明：--signed nonce_str=5K8264ILTKCH16CQ",
	"The exit status is 0 when a phone takes it, 1 when it does not, and 2 when that cannot be found out.":    "手机会接受时退出码为 0，不接受为 1，无法判断为 2。",
	"The account whose card it is; default: the one whose routes list the card, else %s":                      "卡券所属的公众号；默认为路由里列出该卡券的那个，否则为 %s",
	"The card_id, for a cardExt by itself":                                                                    "card_id，用于单独的 cardExt",
	"The page's URL, for wx.config":                                                                           "网页的 URL，用于 wx.config",
	"A value that was signed but not sent, as in nonce_str=5K82; repeatable":                                  "参与了签名但没有传出来的值，如 nonce_str=5K82；可重复",
	"The api_ticket, or a placeholder for it like {file./path} or {env.NAME}; then no running Caddy is asked": "api_ticket，或 {file./path}、{env.NAME} 这样的占位符；有它就不查询运行中的 Caddy",
	"The same for the jsapi_ticket":                                                                           "同上，用于 jsapi_ticket",
	"An api_ticket that has ended, to find out whether it was used; repeatable":                               "已过期的 api_ticket，用来判断是否误用了它；可重复",
	"A ticket of the mini program, to find out whether it was used":                                           "小程序的 ticket，用来判断是否误用了它",
	"With --ticket: the official account's app id, for wx.chooseCard and wx.config":                           "与 --ticket 一起：公众号的 AppID，用于 wx.chooseCard 和 wx.config",
	"With --ticket: the mini program's app id, to find out whether it was used":                               "与 --ticket 一起：小程序的 AppID，用来判断是否误用了它",
	"Language of what it says: en or zh; default: the terminal's":                                             "输出的语言：en 或 zh；默认按 LC_ALL、LC_MESSAGES、LANG",
	"Print the report as JSON, for scripts":                                                                   "打印 JSON 报告，供脚本使用",

	// doctor
	"Finds out, with WeChat, what a configuration does not show": "向微信核实从配置里看不出来的问题",
	"Reads the configuration as caddy validate does, and finds out what cannot be seen from it: whether WeChat's hosts answer and clocks agree, whether the store works, whether requests reach the actions, and strangers a relay, whether WeChat takes app_id, app_secret and calls from this machine, whether quota is left, and whether the cards of the routes are what the routes need: of this account, approved, in stock, with the codes that are sent, fit for the member-card component, and leading into the mini program.": `像 caddy validate 一样读取配置，检查从中看不出来的问题：微信的服务器有无响应、时钟是否一致、存储是否可用、请求能否到达各个动作、
relay 会不会被陌生人用到、微信是否接受 AppID、AppSecret 和来自本机的调用、额度还剩多少，以及路由里的卡券是否符合路由的需要：属于该公众号、
审核通过、有库存、code 的来源与所传一致、适用于会员卡开卡组件、能跳转到小程序。`,
	"✓ it is well, ! somebody should look at it, ✗ it does not work. It only reads: it never forces a refresh, and with token_source classic it takes the access_token from the store and fetches none, which would end that of the running Caddy. Run it on the machine and as the user that Caddy runs on and as.": `✓ 正常，! 建议查看，✗ 不能用。它只读不写：从不强制刷新；使用 token_source classic 时只从存储取 access_token，不自行获取，
以免使运行中的 Caddy 的 token 失效。请在运行 Caddy 的机器上，以运行 Caddy 的用户执行。`,
	"The exit status is 0 when nothing is wrong, 1 when something is, and 2 when the command is not called like this.": "没有问题时退出码为 0，有问题为 1，用法不对为 2。",
	"Another card to look at, for routes that list *":                                                                  "另外要检查的卡券，用于写 * 的路由；可重复",
	"Print the findings as JSON, for scripts":                                                                          "打印 JSON 结果，供脚本使用",

	// card
	"Shows, makes and changes cards":          "查看、创建和修改卡券",
	"Prints a card as JSON, as WeChat has it": "以 JSON 打印微信上的卡券",
	"Prints what /card/get answers: {\"card_type\":\"MEMBER_CARD\",\"member_card\":{\"base_info\":{…},…}}. Edited, that is what caddy wechat-card card update takes.": `打印 /card/get 返回的内容：{"card_type":"MEMBER_CARD","member_card":{"base_info":{…},…}}。编辑后可交给
caddy wechat-card card update。`,
	"It calls WeChat by itself, with the credentials that the running Caddy shares in its store. With token_source stable it gets its own where there are none; with classic it does not, for that would end the running Caddy's.": `它自行调用微信，使用运行中的 Caddy 在存储里共享的凭据。没有凭据时，token_source stable 会自行获取；classic 不会，以免使运行中的
Caddy 的 token 失效。`,
	"It calls WeChat by itself, with the credentials that the running Caddy shares in its store. With token_source stable it gets its own where there are none; with classic it does not, for that would end the running Caddy's. The exit status is 0 when it is done, 1 when WeChat refused it or nobody said yes, and 2 when the command is not called like this.": `它自行调用微信，使用运行中的 Caddy 在存储里共享的凭据。没有凭据时，token_source stable 会自行获取；classic 不会，以免使运行中的
Caddy 的 token 失效。
完成时退出码为 0，微信拒绝或没有确认为 1，用法不对为 2。`,
	"Makes a card": "创建卡券",
	"Makes a card from JSON in a file, or from standard input: what /card/create takes, {\"card\":{\"card_type\":…,…}}, or what card get prints. A color may be a name (Color010) or the value that card get prints for it (#63b359). It prints the card's id.": `用文件或标准输入里的 JSON 创建卡券：/card/create 所接受的 {"card":{"card_type":…,…}}，或 card get 打印的内容。颜色可以写名称
（Color010），也可以写 card get 打印的值（#63b359）。打印新卡券的 card_id。`,
	"WeChat reviews a new card before anybody but the users of the test white list gets it. Since 2021 no ordinary coupons are made any more, and member cards only by merchants of certain categories.": `新卡券要经微信审核，之前只有测试白名单里的用户能领。2021 年起不能再创建普通优惠券，会员卡也只有部分类目的商户可以创建。`,
	"Changes a card": "修改卡券",
	"Makes a card be as JSON says, in a file or from standard input: the whole card as card get prints it, edited, or only what is to be different, {\"base_info\":{\"title\":\"…\"}}. It fetches the card, shows the difference, asks, and sends only what is different. Id, status and stock are left alone. A color may be a name (Color010) or the value that card get prints for it (#63b359).": `把卡券改成文件或标准输入里的 JSON 所写的样子：可以是 card get 打印后编辑过的整张卡券，也可以只写要改的部分
{"base_info":{"title":"…"}}。它先获取卡券，显示差异并询问，只发送不同的部分。id、状态和库存不动。颜色可以写名称（Color010），
也可以写 card get 打印的值（#63b359）。`,
	"Customers see a change at once, or WeChat reviews the card again (send_check), and until it has passed nobody gets it.": "用户会立即看到修改；也可能由微信重新审核（send_check），通过前无法领取。",

	// form
	"Sets what users fill in to get a member card": "设置领取会员卡时用户要填写的内容",
	"Sets the form of a one-tap member card (wx_activate), without which the member-card component does not open: by flags, or from JSON as /card/membercard/activateuserform/set takes it, in a file or from standard input.": `设置一键开卡会员卡（wx_activate）的表单，没有它开卡组件打不开：用选项，或用文件、标准输入里的 JSON（格式同
/card/membercard/activateuserform/set）。`,
	"A field in ASCII letters is one of WeChat's (mobile, sex, name, birthday, idcard, email, location or detail_location, education_background, career, industry, income, habit), with or without USER_FORM_INFO_FLAG_ before it; anything else is the text of a field of your own. WeChat does not tell which form a card has, so there is no difference to be shown: the form takes the place of the one before.": `英文字母的字段是微信定义的（mobile、sex、name、birthday、idcard、email、location 或 detail_location、education_background、
career、industry、income、habit），前面的 USER_FORM_INFO_FLAG_ 可写可不写；其他的是自定义字段的文字。微信不提供查询表单的接口，
所以无法显示差异：新表单会取代旧的。`,
	"Fields that have to be filled in":                                      "必填字段",
	"Fields that may be left empty":                                         "选填字段",
	"Users may change later what they filled in; WeChat tells it by events": "用户以后可以修改所填内容；微信会用事件通知",
	"A link to the rules for members: <name>=<url>":                         "会员守则的链接：<名称>=<网址>",
	"A link for those who are members already: <name>=<url>":                "老会员绑定的链接：<名称>=<网址>",

	// jump
	"Has the entries of a card lead into a mini program": "让卡券的入口跳转到小程序",
	"Sets where a card leads: a target is <original id>@app:<page>, the mini program's original id (原始ID, gh_…) with @app, and the path of the page. The mini program has to be bound to the official account. URLs that the card has stay, for clients that know no mini programs.": `设置卡券跳转到哪里：目标写作 <原始 ID>@app:<页面>，即小程序的原始 ID（gh_…）加 @app，和页面路径。小程序必须已关联公众号。卡券
原有的 URL 保留，供不支持小程序的客户端使用。`,
	"--custom the custom entrance (custom_url_name), below the card --center the button in the middle (center_title) --promotion the marketing entrance (promotion_url_name) --activate where a member card is activated, instead of activate_url": `  --custom     卡券下方的自定义入口（custom_url_name）
  --center     居中的按钮（center_title）
  --promotion  营销入口（promotion_url_name）
  --activate   会员卡的激活页面，代替 activate_url`,
	"It writes custom_, center_ and promotion_app_brand_user_name and _pass (base_info), and activate_app_brand_user_name and _pass (member_card), for every type of card; but first it shows the difference, and asks.": `写入 base_info 的 custom_、center_、promotion_app_brand_user_name 和 _pass，以及 member_card 的 activate_app_brand_user_name
和 _pass；写入之前先显示差异并询问。`,
	"Where the entry leads: gh_…@app:<page>": "入口的目标：gh_…@app:<页面>",
	"The text of the entry (%s)":             "入口的文字（%s）",

	// whitelist
	"Lets users have cards that are not approved yet": "让用户领取尚未审核通过的卡券",
	"Puts users on the account's test white list (/card/testwhitelist/set): by their openid at the official account (o…, 28 characters) or by their WeChat id (微信号). The list has room for ten. WeChat does not document whether those who were on it before stay, so name all who are to test. Customers see nothing of it, and nobody is asked.": `把用户加入公众号的测试白名单（/card/testwhitelist/set）：用公众号下的 openid（o 开头，28 位）或微信号。白名单最多十人。微信没有
说明原来的成员是否保留，所以请列出所有要测试的人。顾客看不到这件事，也不会询问。`,
	"As with the other commands; here nobody is asked anyway": "与其他命令一致；这里本来就不询问",
}
