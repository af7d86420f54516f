//go:build !unix

package redistest

// Pause skips the test: there are no such signals here.
func (s *Server) Pause() { s.t.Skip("a process cannot be stopped here") }

// Resume does nothing.
func (s *Server) Resume() {}
