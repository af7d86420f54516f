package api

// cardIDRequest is what calls about a card take.
type cardIDRequest struct {
	CardID string `json:"card_id"`
}

// codeRequest is what calls about a user's card take.
type codeRequest struct {
	Code   string `json:"code"`
	CardID string `json:"card_id"`
}
