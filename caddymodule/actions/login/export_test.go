package login

const MaxJSCode = maxJSCode
