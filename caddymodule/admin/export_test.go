package admin

var ActiveApp = activeApp

const MaxVerify = maxVerify
