package wechat

import (
	"context"
	"errors"
	"strconv"
)

// The words of Outcome for calls that brought no errcode.
const (
	outcomeDone     = "0"
	outcomeTimeout  = "timeout"  // no answer in time
	outcomeCanceled = "canceled" // nobody waited for the answer any longer
	outcomeNetwork  = "network"  // no connection, or one that broke
	outcomeNonsense = "nonsense" // an answer that is not WeChat's
)

// Outcome names what became of a call in a word, for metrics: the errcode, "0" for success; where no errcode came,
// timeout, canceled, network, nonsense, or http_5xx for an HTTP status of that class.
func Outcome(err error) string {
	if err == nil {
		return outcomeDone
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return outcomeNonsense
	}
	_, transport := errors.AsType[*failure](e.Err)
	switch {
	case e.Code != 0:
		return strconv.Itoa(e.Code)
	case e.Timeout:
		return outcomeTimeout
	case errors.Is(e.Err, context.Canceled):
		return outcomeCanceled
	case e.Status != 0:
		return "http_" + strconv.Itoa(e.Status/100) + "xx"
	case transport:
		return outcomeNetwork
	}
	return outcomeNonsense
}
