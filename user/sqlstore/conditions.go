package sqlstore

import (
	"fmt"
	"strings"

	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
	"github.com/gatehouse-dev/gatehouse/user"
)

// conditions collects what follows "where". Values go into args, never into the text.
type conditions struct {
	all  []string
	args []any
}

// add adds a condition with one verb %s for each value.
func (c *conditions) add(format string, values ...any) {
	numbers := make([]any, len(values))
	for n, value := range values {
		numbers[n] = c.arg(value)
	}
	c.all = append(c.all, fmt.Sprintf(format, numbers...))
}

// arg adds an argument and returns its placeholder.
func (c *conditions) arg(value any) string {
	c.args = append(c.args, value)
	return fmt.Sprintf("$%d", len(c.args))
}

// in adds a condition on a list: nil is none, and an empty one matches nothing.
func in[T ~string](c *conditions, format string, values []T) {
	if values == nil {
		return
	}
	if len(values) == 0 {
		c.all = append(c.all, `1 = 0`)
		return
	}
	numbers := make([]string, len(values))
	for n, value := range values {
		numbers[n] = c.arg(string(value))
	}
	c.all = append(c.all, fmt.Sprintf(format, strings.Join(numbers, ", ")))
}

func (c *conditions) where() string {
	if len(c.all) == 0 {
		return ""
	}
	return ` where ` + strings.Join(c.all, ` and `)
}

// between adds the bounds of r, which no unset time is within.
func between(c *conditions, column string, r user.TimeRange) {
	if !r.After.IsZero() {
		c.add(column+` > %s`, sqldb.Millis(r.After))
	}
	if !r.Before.IsZero() {
		c.add(column+` < %s`, sqldb.Millis(r.Before))
		if sqldb.Millis(r.After) <= 0 {
			c.all = append(c.all, column+` > 0`)
		}
	}
}

// contains is a pattern for texts that hold s in any case. The columns it is compared
// with are in lower case.
func contains(s string) string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(s)) + "%"
}
