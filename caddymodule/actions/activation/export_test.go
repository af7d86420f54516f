package activation

const MaxHeldAnswer = maxHeldAnswer
