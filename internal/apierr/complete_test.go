package apierr_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/apierr"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// sentinels are the errors that packages user and session export, by the name in their
// source. internal ones mean a mistake of this program, so a client learns nothing.
var sentinels = map[string]struct {
	err      error
	internal bool
}{
	"user.ErrNotFound":         {err: user.ErrNotFound},
	"user.ErrIdentifierTaken":  {err: user.ErrIdentifierTaken},
	"user.ErrExternalIDTaken":  {err: user.ErrExternalIDTaken},
	"user.ErrIDTaken":          {err: user.ErrIDTaken},
	"user.ErrPasswordWrong":    {err: user.ErrPasswordWrong},
	"user.ErrNoPassword":       {err: user.ErrNoPassword},
	"user.ErrBusy":             {err: user.ErrBusy},
	"user.ErrDeleteSelfOff":    {err: user.ErrDeleteSelfOff},
	"user.ErrInvalid":          {err: user.ErrInvalid},
	"user.ErrInvited":          {err: user.ErrInvited},
	"user.ErrTicketSpent":      {err: user.ErrTicketSpent},
	"user.ErrNoSecondFactor":   {err: user.ErrNoSecondFactor},
	"user.ErrCodeWrong":        {err: user.ErrCodeWrong},
	"user.ErrHashInTx":         {err: user.ErrHashInTx, internal: true},
	"user.ErrImageUnsupported": {err: user.ErrImageUnsupported},
	"user.ErrImageTooLarge":    {err: user.ErrImageTooLarge},

	"session.ErrNotFound":            {err: session.ErrNotFound},
	"session.ErrNotActive":           {err: session.ErrNotActive},
	"session.ErrUserRevoked":         {err: session.ErrUserRevoked},
	"session.ErrConflict":            {err: session.ErrConflict},
	"session.ErrExpired":             {err: session.ErrExpired},
	"session.ErrUnavailable":         {err: session.ErrUnavailable},
	"user.ErrNoIdentification":       {err: user.ErrNoIdentification},
	"user.ErrTooManyIdentifications": {err: user.ErrTooManyIdentifications},
	"user.ErrLastIdentification":     {err: user.ErrLastIdentification},
	"user.ErrAddressNeeded":          {err: user.ErrAddressNeeded},
	"user.ErrLinked":                 {err: user.ErrLinked},
	"session.ErrImpersonated":        {err: session.ErrImpersonated},
	"session.ErrTokenLifetime":       {err: session.ErrTokenLifetime},
	"session.ErrTokenTooLarge":       {err: session.ErrTokenTooLarge, internal: true},
	"session.ErrKeyState":            {err: session.ErrKeyState},
}

func TestEverySentinelIsMapped(t *testing.T) {
	found := 0
	for _, pkg := range []string{"user", "session"} {
		walk(t, "../../"+pkg, func(n ast.Node) {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return
			}
			for _, name := range spec.Names {
				if !strings.HasPrefix(name.Name, "Err") {
					continue
				}
				found++
				full := pkg + "." + name.Name
				s, ok := sentinels[full]
				if !ok {
					t.Errorf("%s is not mapped: add it to fromDomain and to this test", full)
					continue
				}
				if got := apierr.From(s.err).Code == apierr.Internal.Code; got != s.internal {
					t.Errorf("%s maps to internal: %v, want %v", full, got, s.internal)
				}
			}
		})
	}
	if found != len(sentinels) {
		t.Errorf("found %d sentinels, this test lists %d", found, len(sentinels))
	}
}

func TestEveryRuleIsMapped(t *testing.T) {
	found := 0
	walk(t, "../../user", func(n ast.Node) {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return
		}
		if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "Rule" {
			return
		}
		found++
		rule := literal(spec.Values[0])
		e := apierr.From(&user.FieldError{Field: "f", Rule: user.Rule(rule)})
		if e.Code == "form_param_value_invalid" && rule != string(user.RuleValue) {
			t.Errorf("rule %s is not mapped: add it to fromRule", rule)
		}
		if e.Param != "f" {
			t.Errorf("rule %s blames %q, want f", rule, e.Param)
		}
	})
	if found < 15 {
		t.Errorf("found %d rules in package user", found)
	}
}

func TestEveryRefreshRuleIsMapped(t *testing.T) {
	found, codes := 0, map[string]bool{}
	walk(t, "../../session", func(n ast.Node) {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return
		}
		if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "RefreshRule" {
			return
		}
		found++
		e := apierr.From(&session.RefreshError{Rule: session.RefreshRule(literal(spec.Values[0]))})
		if e.Status != 401 || codes[e.Code] {
			t.Errorf("%s is answered %d %s: want 401 and a code of its own", spec.Names[0], e.Status, e.Code)
		}
		codes[e.Code] = true
	})
	if found < 14 {
		t.Errorf("found %d rules of a refresh", found)
	}
}

func TestEveryFlowCodeIsKnown(t *testing.T) {
	found := 0
	check := func(code string) {
		if code == "" {
			return
		}
		found++
		if _, ok := apierr.ByCode(code); !ok {
			t.Errorf("package flow refuses with %s, which the catalogue lacks", code)
		}
	}
	walk(t, "../flow", func(n ast.Node) {
		switch n := n.(type) {
		case *ast.CompositeLit:
			if typ, ok := n.Type.(*ast.Ident); !ok || typ.Name != "Error" {
				return
			}
			for _, e := range n.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok && kv.Key.(*ast.Ident).Name == "Code" {
					check(literal(kv.Value))
				}
			}
		case *ast.CallExpr:
			if fn, ok := n.Fun.(*ast.Ident); ok && fn.Name == "tooMany" && len(n.Args) > 0 {
				check(literal(n.Args[0]))
			}
		}
	})
	if found < 20 {
		t.Errorf("found %d codes in package flow", found)
	}
}

// walk visits every node of a package's source, tests left out.
func walk(t *testing.T, dir string, visit func(ast.Node)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool { visit(n); return true })
	}
}

func literal(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		return ""
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return s
}
