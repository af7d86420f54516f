package cards

// ListedError marks an error of WeChat's about a card that the configuration names.
type ListedError struct {
	CardID string
	Err    error
}
