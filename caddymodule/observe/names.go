package observe

// The names and labels of the metrics are in use in dashboards and alert rules: see docs/operations.
const (
	metricsNamespace = "caddy"
	metricsSubsystem = "wechat_card"

	labelAccount    = "account"
	labelCredential = "credential"
	labelResult     = "result"
	labelAPI        = "api"
	labelErrcode    = "errcode"
	labelAction     = "action"
	labelReason     = "reason"
)

// The values of labels that nothing else names.
const (
	resultFailed = "failed" // an attempt; the other results are the sources of a value
	ReasonOK     = "ok"     // an answer without a problem
	errcodeOther = "other"  // one of too many

	// LabelData is the account of all accounts that are data.
	LabelData = "(data)"
)
