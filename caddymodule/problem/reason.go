package problem

// The reasons of problem documents.
const (
	ReasonInvalidRequest        = "invalid_request"
	ReasonCardNotAllowed        = "card_not_allowed"
	ReasonFieldNotAllowed       = "field_not_allowed"
	ReasonClientNotAllowed      = "client_not_allowed"
	ReasonPathNotAllowed        = "path_not_allowed"
	ReasonOriginNotAllowed      = "origin_not_allowed"
	ReasonSignatureInvalid      = "signature_invalid"
	ReasonValueMissing          = "value_missing"
	ReasonValueInvalid          = "value_invalid"
	ReasonAccountUnknown        = "account_unknown"
	ReasonMethodNotAllowed      = "method_not_allowed"
	ReasonBodyTooLarge          = "body_too_large"
	ReasonLengthRequired        = "length_required"
	ReasonUnsupportedMediaType  = "unsupported_media_type"
	ReasonWechatRejected        = "wechat_rejected"
	ReasonWechatError           = "wechat_error"
	ReasonCredentialUnavailable = "credential_unavailable"
	ReasonBusy                  = "busy"
	ReasonWechatTimeout         = "wechat_timeout"
	ReasonBackendFailed         = "backend_failed"
	ReasonStateInvalid          = "state_invalid"
	ReasonLoginRefused          = "login_refused"
	ReasonLoginRequired         = "login_required"
	ReasonSnapshotUser          = "snapshot_user"
)
