package report

// ID names a mistake, or what the check lacks. It does not change; texts do.
type ID string

// The mistakes.
const (
	// What was sent cannot be read.
	NotJSON       ID = "not_json"
	NotRecognised ID = "not_recognised"
	CardListText  ID = "card_list_text"

	// The shape of a cardList.
	TooManyCards   ID = "too_many_cards"
	CardExtMissing ID = "card_ext_missing"
	CardExtObject  ID = "card_ext_object"
	CardExtTwice   ID = "card_ext_twice"
	CardExtNotJSON ID = "card_ext_not_json"
	CardIDMissing  ID = "card_id_missing"
	CardIDInside   ID = "card_id_in_card_ext"
	CardIDNeeded   ID = "card_id_needed"

	// Fields.
	KeyName         ID = "key_name"
	UnknownField    ID = "unknown_field"
	FieldMissing    ID = "field_missing"
	NotAString      ID = "not_a_string"
	BlankField      ID = "blank_field"
	WhiteSpace      ID = "white_space"
	NotDigits       ID = "not_digits"
	Milliseconds    ID = "milliseconds"
	TimestampOld    ID = "timestamp_old"
	TimestampAhead  ID = "timestamp_ahead"
	NonceMalformed  ID = "nonce_malformed"
	NonceMissing    ID = "nonce_missing"
	NonceTwice      ID = "nonce_twice"
	CodeMalformed   ID = "code_malformed"
	CodeTwice       ID = "code_twice"
	OpenIDMalformed ID = "openid_malformed"
	TicketSent      ID = "ticket_sent"
	SignType        ID = "sign_type"
	APIListMissing  ID = "js_api_list_missing"

	// App ids.
	AppIDMissing       ID = "app_id_missing"
	AppIDOfMiniProgram ID = "app_id_of_mini_program"
	AppIDOfOther       ID = "app_id_of_other_account"
	AppIDUnknown       ID = "app_id_unknown"
	AppIDNeeded        ID = "app_id_needed"

	// Tickets.
	TicketNeeded        ID = "ticket_needed"
	TicketExpired       ID = "ticket_expired"
	TicketPrevious      ID = "ticket_previous"
	TicketOfOther       ID = "ticket_of_other_account"
	TicketOfMiniProgram ID = "ticket_of_mini_program"
	JSAPITicket         ID = "jsapi_ticket"
	APITicket           ID = "api_ticket"
	TicketNotSigned     ID = "ticket_not_signed"
	TicketAltered       ID = "ticket_altered"

	// Which values were signed.
	NotSigned        ID = "not_signed"
	SignedNotSent    ID = "signed_not_sent"
	ValueDiffers     ID = "value_differs"
	MustNotBeSigned  ID = "must_not_be_signed"
	NullSigned       ID = "null_signed"
	TimestampDiffers ID = "timestamp_differs"
	TimestampFormat  ID = "timestamp_format"
	ZerosLost        ID = "leading_zeros_lost"
	EntriesMixed     ID = "entries_mixed"

	// How they were put together.
	NotSorted       ID = "not_sorted"
	SortedByKey     ID = "sorted_by_key"
	SortIgnoresCase ID = "sort_ignores_case"
	SortLocale      ID = "sort_locale"
	SortNumeric     ID = "sort_numeric"
	SortUTF16       ID = "sort_utf16"
	SortDescending  ID = "sort_descending"
	Deduplicated    ID = "deduplicated"
	JoinedAmpersand ID = "joined_ampersand"
	JoinedSeparator ID = "joined_separator"
	KeyValue        ID = "key_value"
	ValuesEncoded   ID = "values_encoded"
	ValuesCase      ID = "values_case"
	ValuesQuoted    ID = "values_quoted"
	TextUTF16       ID = "text_utf16"
	TextEnding      ID = "text_ending"

	// How the signature is written.
	SignatureMissing    ID = "signature_missing"
	SignatureUpperCase  ID = "signature_upper_case"
	SignatureBase64     ID = "signature_base64"
	SignatureZeros      ID = "signature_zeros_lost"
	SignatureWhiteSpace ID = "signature_white_space"
	HashMD5             ID = "hash_md5"
	HashSHA256          ID = "hash_sha256"
	SignatureMalformed  ID = "signature_malformed"
	SampleSignature     ID = "sample_signature"
	SignatureUnknown    ID = "signature_unknown"

	// wx.config.
	URLNeeded       ID = "url_needed"
	ConfigKeys      ID = "config_keys"
	ConfigOrder     ID = "config_order"
	ConfigLikeCard  ID = "config_like_card"
	ConfigEncoded   ID = "config_encoded"
	URLWithFragment ID = "url_with_fragment"
	URLEncoded      ID = "url_encoded"
	URLDecoded      ID = "url_decoded"
	URLEscaped      ID = "url_html_escaped"
	URLWithoutQuery ID = "url_without_query"
	URLParameter    ID = "url_parameter_missing"
	URLScheme       ID = "url_scheme"
	URLSlash        ID = "url_slash"
	URLPort         ID = "url_port"
	URLHost         ID = "url_www"
	URLOrigin       ID = "url_origin"
)
