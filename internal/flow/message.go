package flow

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/notify"
)

// The kinds of messages: names of templates.
const (
	kindCode            = "verification_code"
	kindLink            = "verification_link"
	kindAccountExists   = "account_exists"
	kindPasswordChanged = "password_changed"
	kindPasswordRemoved = "password_removed"
	kindAddressAdded    = "address_added"
	kindAddressRemoved  = "address_removed"
	kindInvitation      = "invitation"
)

// words is what a template may say. Everything that a person could have typed has
// been through plain (C-12).
type words struct {
	AppName string
	Name    string // first name, "" if there is none fit for a mail
	Code    string
	Link    string
	Minutes int // the code's or link's life
	Days    int // the invitation's
	SignIn  string
	Address string // masked
}

// compose makes a mail of a kind. The first line of a text template is the subject.
func (t *templates) compose(kind, to string, w words, now time.Time) (notify.Message, error) {
	if w.AppName = oneLine(w.AppName); w.AppName == "" {
		w.AppName = "this app"
	}
	w.Name = plain(w.Name)
	var text, html strings.Builder
	if err := t.text.ExecuteTemplate(&text, kind+".txt", w); err != nil {
		return notify.Message{}, fmt.Errorf("compose %s: %w", kind, err)
	}
	if err := t.html.ExecuteTemplate(&html, kind+".html", w); err != nil {
		return notify.Message{}, fmt.Errorf("compose %s: %w", kind, err)
	}
	subject, body, _ := strings.Cut(text.String(), "\n")
	return notify.Message{
		ID: random.ID("msg", now), Channel: notify.Mail, Kind: kind, To: to, Subject: subject,
		Text: strings.TrimSpace(body) + "\n", HTML: html.String(), Code: w.Code, Link: w.Link, At: now,
	}, nil
}

// composeText makes a text message of a kind.
func (t *templates) composeText(kind, to string, w words, now time.Time) (notify.Message, error) {
	if w.AppName = oneLine(w.AppName); w.AppName == "" {
		w.AppName = "this app"
	}
	var text strings.Builder
	if err := t.text.ExecuteTemplate(&text, kind+".sms.txt", w); err != nil {
		return notify.Message{}, fmt.Errorf("compose %s: %w", kind, err)
	}
	return notify.Message{
		ID: random.ID("msg", now), Channel: notify.SMS, Kind: kind, To: to,
		Text: strings.TrimSpace(text.String()), Code: w.Code, At: now,
	}, nil
}

// plain returns a name if it is nothing but a name, else "": whoever signs somebody
// else's address up chooses the name, and a mail must not carry their links or lines.
func plain(name string) string {
	name = strings.TrimSpace(name)
	if len(name) > 128 {
		return ""
	}
	for _, r := range name {
		if !unicode.In(r, unicode.L, unicode.M) && !strings.ContainsRune(" '’-", r) {
			return ""
		}
	}
	return name
}

// oneLine keeps a text from breaking out of a header or a sentence.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s))
}

// outlet makes the message that carries a code or a link.
type outlet struct {
	channel notify.Channel
	compose func(to destination, proof string, s Settings, now time.Time) (notify.Message, error)
}

// The outlets.
func (t *templates) mailOut() outlet { return outlet{notify.Mail, t.mailWithCode} }
func (t *templates) textOut() outlet { return outlet{notify.SMS, t.textWithCode} }
func (t *templates) linkOut() outlet { return outlet{notify.Mail, t.mailWithLink} }

// mailWithCode carries a code by mail. Somebody else's address gets a notice instead.
func (t *templates) mailWithCode(to destination, code string, s Settings, now time.Time) (notify.Message, error) {
	w := words{AppName: s.AppName, Name: to.name, SignIn: s.SignInURL}
	if to.owner {
		return t.compose(kindAccountExists, to.value, w, now)
	}
	w.Code, w.Minutes = code, int(codeLifetime/time.Minute)
	return t.compose(kindCode, to.value, w, now)
}

// textWithCode carries a code by text message, as mailWithCode does by mail.
func (t *templates) textWithCode(to destination, code string, s Settings, now time.Time) (notify.Message, error) {
	w := words{AppName: s.AppName}
	if to.owner {
		return t.composeText(kindAccountExists, to.value, w, now)
	}
	w.Code, w.Minutes = code, int(codeLifetime/time.Minute)
	return t.composeText(kindCode, to.value, w, now)
}

// mailWithLink carries a link by mail, as mailWithCode does a code.
func (t *templates) mailWithLink(to destination, link string, s Settings, now time.Time) (notify.Message, error) {
	if to.owner {
		return t.mailWithCode(to, "", s, now)
	}
	return t.compose(kindLink, to.value, words{
		AppName: s.AppName, Name: to.name, Link: link, Minutes: int(linkLifetime / time.Minute),
	}, now)
}

// sendTimeout bounds the handing over of one message.
const sendTimeout = 30 * time.Second

// post hands messages over.
type post struct {
	sender notify.Sender
	log    *slog.Logger
	slots  chan struct{}
	under  sync.WaitGroup
	handed atomic.Int64
}

func newPost(s notify.Sender, log *slog.Logger) *post {
	return &post{sender: s, log: log, slots: make(chan struct{}, 16)}
}

func (p *post) send(ctx context.Context, m notify.Message) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if err := p.sender.Send(ctx, m); err != nil {
		return fmt.Errorf("send %s %s: %w", m.Kind, m.ID, err)
	}
	return nil
}

// later does what sends a message without making the caller wait, sixteen at once; the
// rest queue up. What fails is logged.
func (p *post) later(ctx context.Context, job func(context.Context) error) {
	p.handed.Add(1)
	ctx = context.WithoutCancel(ctx)
	p.under.Go(func() {
		p.slots <- struct{}{}
		defer func() { <-p.slots }()
		if err := job(ctx); err != nil {
			p.log.ErrorContext(ctx, "message not sent", slog.Any("err", err))
		}
	})
}

// sendLater is send by later.
func (p *post) sendLater(ctx context.Context, m notify.Message) {
	p.later(ctx, func(ctx context.Context) error { return p.send(ctx, m) })
}

func (p *post) wait() { p.under.Wait() }
