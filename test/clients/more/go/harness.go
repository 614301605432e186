package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/aws/smithy-go"
)

// What the steps of the story share: what fails ends the program with a word of it.

// begin says which step comes next, so that what fails is known to be of it.
func begin(step string) { fmt.Println(step) }

func fail(format string, given ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", given...)
	os.Exit(1)
}

// must returns what a call answered, which must not be an error.
func must[T any](answer T, err error) T {
	if err != nil {
		fail("%v", err)
	}
	return answer
}

func check(holds bool, format string, given ...any) {
	if !holds {
		fail(format, given...)
	}
}

func equal[T comparable](got, want T, what string) {
	check(got == want, "%s is %v, not %v", what, got, want)
}

// refused ends the program unless the call was answered with this exception of the SDK's, by its Go type; it returns what that says.
func refused[E smithy.APIError, T any](_ T, err error) string {
	var want E
	check(errors.As(err, &want), "%T was not answered, but: %v", want, err)
	return want.ErrorMessage()
}

// refusedAs is for exceptions that the SDK has no type for.
func refusedAs[T any](code string, _ T, err error) {
	var answered smithy.APIError
	check(errors.As(err, &answered), "%s was not answered, but: %v", code, err)
	equal(answered.ErrorCode(), code, "the exception")
}
