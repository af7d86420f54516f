package login

const MaxJSCode = maxCode
