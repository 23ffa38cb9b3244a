package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// cli is the command line.
type cli struct {
	Dev      devCommand      `cmd:"" help:"Run a development server on this machine: nothing to set up, test addresses accept a fixed code."`
	Serve    serveCommand    `cmd:"" help:"Run a production server."`
	Init     initCommand     `cmd:"" help:"Write gatehouse.toml and a file of secrets for a production server."`
	Users    usersCommand    `cmd:"" help:"List, create, change and delete users."`
	Sessions sessionsCommand `cmd:"" help:"List and end sessions."`

	Invitations invitationsCommand `cmd:"" help:"Invite people by e-mail."`

	Jobs jobsCommand `cmd:"" help:"Follow and end work on many users."`

	Settings settingsCommand `cmd:"" help:"Show and change what the instance asks of people and lets them do, while servers run."`
	Keys     keysCommand     `cmd:"" help:"Show the publishable key; rotate and revoke signing keys."`

	SecretKeys secretKeysCommand `cmd:"" help:"Make and revoke the keys that apps show to the Backend API."`

	Token   tokenCommand   `cmd:"" help:"Explain session tokens."`
	Doctor  doctorCommand  `cmd:"" help:"Look for what keeps people out: configuration, stores, clocks, keys, hosts, proxies, cookies. Changes nothing."`
	Version versionCommand `cmd:"" help:"Say which build this is."`
}

// command is what a line names.
type command interface {
	Run(ctx context.Context, p *program) error
}

// program is a parsed command with the world around it.
type program struct {
	command command
	getenv  func(string) string
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
	// interactive: somebody is there to answer questions.
	interactive bool
}

// serverFlags are what the commands that read a configuration have in common. Each names the variable
// that it overrides.
type serverFlags struct {
	Config      string `placeholder:"FILE" help:"Configuration file in TOML (GATEHOUSE_CONFIG)."`
	Addr        string `placeholder:"HOST:PORT" help:"Address to listen on, 127.0.0.1:8080 by default (GATEHOUSE_ADDR)."`
	PublicURL   string `name:"public-url" placeholder:"URL" help:"What browsers call the server (GATEHOUSE_PUBLIC_URL)."`
	DatabaseURL string `name:"database-url" placeholder:"URL" help:"sqlite:PATH or postgres://… (GATEHOUSE_DATABASE_URL, which may hold a password)."`
	RedisURL    string `name:"redis-url" placeholder:"URL" help:"redis://… or rediss://…; without it sessions live in the database (GATEHOUSE_REDIS_URL, which may hold a password)."`
	ClerkJSDir  string `name:"clerk-js-dir" placeholder:"DIR" help:"Folder with clerk-js and ui from npm, served below /npm (GATEHOUSE_CLERK_JS_DIR)."`
	LogLevel    string `name:"log-level" placeholder:"LEVEL" help:"debug, info, warn or error; info by default, warn for commands that manage an instance (GATEHOUSE_LOG_LEVEL)."`
	PrintConfig bool   `name:"print-config" help:"Print the settings that result, without secrets, and stop."`
}

// newParser returns what knows every command.
func newParser(more ...kong.Option) (*kong.Kong, error) {
	return kong.New(new(cli), append(more,
		kong.Name("gatehouse"),
		kong.Description("A user and session system for web apps. Start with: gatehouse dev"),
		kong.ExplicitGroups([]kong.Group{{Key: "instance", Title: "Which instance:"}}),
	)...)
}

// parse reads a command line. It returns nil without error where help was printed.
func parse(args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) (*program, error) {
	var c cli
	helped := false
	parser, err := kong.New(&c,
		kong.Name("gatehouse"),
		kong.Description("A user and session system for web apps. Start with: gatehouse dev"),
		kong.Writers(stdout, stderr),
		kong.ExplicitGroups([]kong.Group{{Key: "instance", Title: "Which instance:"}}),
		kong.Exit(func(int) { helped = true }),
	)
	if err != nil {
		return nil, fmt.Errorf("command line: %w", err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if helped {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p := &program{getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr, interactive: isTerminal(stdin) && isTerminal(stderr)}
	p.command, _ = parsed.Selected().Target.Addr().Interface().(command)
	if p.command == nil {
		return nil, fmt.Errorf("%s: name one of its commands", parsed.Command())
	}
	return p, nil
}

// trim takes off the name that main prints itself.
func trim(err error) string { return strings.TrimPrefix(err.Error(), "gatehouse: ") }
