// Package simulation has the tests that run whole fleets of Keepers on a clock, a network and a store that a seed rules:
// the same seed gives the same history to the byte, on any machine.
//
// Where to read on: scheduler_test.go says whose turn it is, draw_test.go what a seed stands for, assumed_test.go what is
// assumed of WeChat and of when a Keeper renews. wechat_test.go, store_test.go and node_test.go are the world around the
// Keepers, faults_test.go and plan_test.go what happens to it. history_test.go writes down what happened, and the
// checker reads nothing else: checker_test.go has its rules about what is served, answers_test.go those about those who
// wait, calls_test.go those about WeChat's calls, locks_test.go the one about locks. seeds_test.go runs one seed after the other, fleet_test.go one large
// fleet, and mutants_test.go Keepers that were broken on purpose, each of which the checker must find.
package simulation
