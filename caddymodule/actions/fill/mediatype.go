package fill

import (
	"errors"
	"mime"
	"strings"
)

// typeIsNot tells why lines of Content-Type do not say JSON in UTF-8; "": they do. There may be more than one, as
// copy_response_headers with copy_response makes them, if they agree.
func typeIsNot(lines []string) (why reason) {
	if len(lines) == 0 {
		return noJSON
	}
	if len(lines) == 1 {
		switch lines[0] {
		case "application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8":
			return ""
		}
	}
	said := 0
	for _, line := range lines {
		for value := range strings.SplitSeq(line, ",") { // somebody may have made one line of two
			this := isNotJSON(value)
			if said++; said > 1 && this != why {
				return typesDiffer
			}
			why = this
		}
	}
	return why
}

// isNotJSON tells why a Content-Type does not say JSON in UTF-8. Of those that end in +json, some are streams.
func isNotJSON(value string) (why reason) {
	mediaType, params, err := mime.ParseMediaType(value)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) {
		return noJSON
	}
	switch mediaType {
	case "application/json", "text/json":
	case "application/stream+json", "application/connect+json":
		return noJSON
	default:
		if !strings.HasSuffix(mediaType, "+json") || strings.HasPrefix(mediaType, "application/grpc") {
			return noJSON
		}
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "utf8") {
		return otherCharset
	}
	return ""
}
