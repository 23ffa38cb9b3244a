package flow

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/gatehouse-dev/gatehouse/notify"
	"github.com/gatehouse-dev/gatehouse/user"
)

// Budgets bound what an instance sends in an hour, whoever asks: each message costs
// money, and texts to expensive countries are asked for to earn it (E-05). 0 means the
// default, a negative number no bound.
type Budgets struct {
	Mails           int // 2000
	Texts           int // 500
	TextsPerCountry int // 100
}

// The defaults of Budgets.
const (
	defaultMails           = 2000
	defaultTexts           = 500
	defaultTextsPerCountry = 100
)

// budgetWindow is what budgets are for.
const budgetWindow = time.Hour

// spendBudget counts a message against the budgets of its channel and its country: *Error
// too_many_requests when one is spent, which is logged as an error. What reaches nobody
// counts as well, so that a budget tells nothing about who has an account.
func (e *Engine) spendBudget(ctx context.Context, r *round, to destination, channel notify.Channel) error {
	b := r.settings.Budgets
	if channel == notify.Mail {
		return e.spendFrom(ctx, "mails", b.Mails, defaultMails, r.now)
	}
	// The country first: what its budget refuses must not use up that of the others.
	if country := user.PhoneRegion(to.place); country != "" {
		if err := e.spendFrom(ctx, "texts:"+country, b.TextsPerCountry, defaultTextsPerCountry, r.now); err != nil {
			return err
		}
	}
	return e.spendFrom(ctx, "texts", b.Texts, defaultTexts, r.now)
}

func (e *Engine) spendFrom(ctx context.Context, name string, limit, byDefault int, now time.Time) error {
	switch {
	case limit < 0:
		return nil
	case limit == 0:
		limit = byDefault
	}
	err := e.take(ctx, "flow:budget:"+name, limit, budgetWindow, now)
	if spent, ok := errors.AsType[*Error](err); ok && e.alarm.due(name, now) {
		e.log.ErrorContext(ctx, "sending budget spent: messages are refused",
			slog.String("budget", name), slog.Int("per_hour", limit), slog.Duration("again_in", spent.RetryAfter))
	}
	return err
}

// alarmEvery keeps a flood from filling the log.
const alarmEvery = time.Minute

// alarm remembers when each budget was last said to be spent.
type alarm struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// due reports whether it is time to say so again, and takes it as said.
func (a *alarm) due(name string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if last, ok := a.last[name]; ok && now.Sub(last) < alarmEvery {
		return false
	}
	if a.last == nil {
		a.last = map[string]time.Time{}
	}
	a.last[name] = now
	return true
}
