package simulation

import "time"

type (
	finding struct {
		rule, text string
		at         time.Duration
	}
	checker struct{ findings []finding }
)

func newChecker(*config) *checker         { return &checker{} }
func (c *checker) see(event)              {}
func (c *checker) end()                   {}
func (c *checker) fail(rule, text string) { c.findings = append(c.findings, finding{rule, text, 0}) }
