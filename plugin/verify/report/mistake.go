package report

// Level is how bad a finding is.
type Level string

// The levels.
const (
	Mistake Level = "mistake" // a phone refuses it
	Missing Level = "missing" // the check needs more to go on
	Warning Level = "warning" // it works, or may work, and is not as it should be
)

// Text is a text for people, in each language.
type Text struct {
	EN string `json:"en"`
	ZH string `json:"zh"`
}

// mistake says how bad a mistake is, what it is and what to do. {field} and {got} are those of the Finding.
type mistake struct {
	level      Level
	title, fix Text
}
