package relay

const MaxKept = maxKept
