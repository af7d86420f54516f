package activation

var Mend = mend

const MaxHeldAnswer = maxHeldAnswer
