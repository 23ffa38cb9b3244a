package user_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/gatehouse-dev/gatehouse/user"
)

// good is a password that keeps all rules.
const good = "correct horse battery"

// P-04
func TestPasswordPolicy(t *testing.T) {
	f := newFixture(t)
	for _, test := range []struct {
		name, password string
		rule           user.Rule // "" means accepted
	}{
		{"empty", "", user.RuleMissing},
		{"seven characters", "abcxyz7", user.RulePasswordTooShort},
		{"seven emoji", strings.Repeat("🦉", 7), user.RulePasswordTooShort},
		{"eight emoji", strings.Repeat("🦉", 8), ""},
		{"64 characters", strings.Repeat("abcdefgh ", 7) + "z", ""},
		{"blanks", "        x       ", ""},
		{"Cyrillic", "пароль-пароль", ""},
		{"NUL", "abc\x00defghi", ""},
		{"256 characters", strings.Repeat("x", 256), ""},
		{"257 characters", strings.Repeat("x", 257), user.RulePasswordTooLong},
		{"1024 bytes", strings.Repeat("🦉", 256), ""},
		{"1025 bytes", strings.Repeat("🦉", 256) + "x", user.RulePasswordBytes},
		{"one megabyte", strings.Repeat("x", 1<<20), user.RulePasswordBytes},
		{"invalid UTF-8", "abcdefgh\xff", user.RuleFormat},
	} {
		t.Run(test.name, func(t *testing.T) {
			hashed := 0
			f.hasher = fastHasher(t)
			f.hasher.Observe(func(user.Work) { hashed++ })
			g := newFixture(t, func(c *user.Config) { c.Hasher = f.hasher })
			digest, err := g.HashPassword(t.Context(), test.password)
			if test.rule == "" {
				if err != nil || digest == "" {
					t.Errorf("HashPassword: %v", err)
				}
				return
			}
			wantRule(t, err, "password", test.rule)
			if hashed != 0 { // P-03
				t.Errorf("%d hashes of a refused password", hashed)
			}
		})
	}
}

// P-05
func TestKnownPasswords(t *testing.T) {
	f := newFixture(t)
	nu := user.NewUser{
		EmailAddresses: []user.NewIdentifier{{Value: "augusta.king@example.com", Strategy: "admin"}},
		PhoneNumbers:   []user.NewIdentifier{{Value: "+442071838750", Strategy: "admin"}},
		Username:       "countess_lovelace",
	}
	for password, rule := range map[string]user.Rule{
		"password123":              user.RulePasswordPwned,
		"PASSWORD123":              user.RulePasswordPwned,
		"iloveyou":                 user.RulePasswordPwned,
		"augusta.king":             user.RulePasswordIdentifier,
		"Augusta.King@Example.com": user.RulePasswordIdentifier,
		"Countess_Lovelace":        user.RulePasswordIdentifier,
		"+442071838750":            user.RulePasswordIdentifier,
		"gatehouse":                user.RulePasswordIdentifier,
	} {
		nu.Password = password
		_, err := f.Create(t.Context(), nu)
		wantRule(t, err, "password", rule)
	}
	// The same rules hold for a change, where the new username counts too.
	nu.Password = ""
	u, err := f.Create(t.Context(), nu)
	if err != nil {
		t.Fatal(err)
	}
	for _, password := range []string{"augusta.king", "new_countess"} {
		_, err := f.Update(t.Context(), u.ID, user.Change{Password: &password, Username: ptr("New_Countess")})
		wantRule(t, err, "password", user.RulePasswordIdentifier)
	}
	_, err = f.Update(t.Context(), u.ID, user.Change{Password: ptr("password123")})
	wantRule(t, err, "password", user.RulePasswordPwned)
}

func TestBreachedPasswordWithWarning(t *testing.T) {
	f := newFixture(t)
	f.add(t, "ada@example.com", func(nu *user.NewUser) { nu.Password, nu.WarnPwnedPassword = "password", true })
	if !strings.Contains(f.log.String(), "breached password accepted") {
		t.Errorf("log = %s", f.log)
	}
	// Only this rule is eased.
	_, err := f.Create(t.Context(), user.NewUser{Username: "somebody", Password: "short", WarnPwnedPassword: true})
	wantRule(t, err, "password", user.RulePasswordTooShort)
	f.add(t, "bob@example.com", func(nu *user.NewUser) { nu.Password, nu.SkipPasswordChecks = "x", true })
	_, err = f.Create(t.Context(), user.NewUser{Username: "somebody", Password: "\xff", SkipPasswordChecks: true})
	wantRule(t, err, "password", user.RuleFormat)
}

func TestBreachedList(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(user.BreachedList, "\n"), "\n")
	if len(lines) < 3000 || !slices.IsSorted(lines) {
		t.Fatalf("%d lines, sorted %v; want 3000 or more in order", len(lines), slices.IsSorted(lines))
	}
	for _, line := range lines { // the first, the last and all between are found
		if !user.IsBreached(line) {
			t.Errorf("%q is not found", line)
		}
	}
	for _, password := range []string{"", "\n", lines[0] + "\n" + lines[1], lines[7][:len(lines[7])-1] + "§", "zzzzzzzzzzzzzz§", "!"} {
		if user.IsBreached(password) {
			t.Errorf("%q is found", password)
		}
	}
}

// P-03: every byte counts.
func TestPasswordsAreExact(t *testing.T) {
	f := newFixture(t)
	long := strings.Repeat("0123456789", 8)
	for n, password := range []string{long, "Secret\x00tail", " padded password ", "e\u0301cole-e\u0301cole"} {
		u := f.add(t, string(rune('a'+n))+"@example.com", withPassword(password))
		if err := f.VerifyPassword(t.Context(), u, password); err != nil {
			t.Errorf("%q: %v", password, err)
		}
	}
	for n, wrong := range []string{long[:72] + "x" + long[73:], "Secret\x00Tail", "padded password", "\u00e9cole-\u00e9cole"} {
		u, _, err := f.ByIdentifier(t.Context(), string(rune('a'+n))+"@example.com")
		if err != nil {
			t.Fatal(err)
		}
		if err := f.VerifyPassword(t.Context(), u, wrong); !errors.Is(err, user.ErrPasswordWrong) {
			t.Errorf("%q: %v, want ErrPasswordWrong", wrong, err)
		}
	}
}

// P-02 and P-03: an imported digest is verified by its own rules and replaced once.
func TestImportedDigest(t *testing.T) {
	f := newFixture(t)
	hashes := 0
	f.hasher.Observe(func(user.Work) { hashes++ })
	password := strings.Repeat("x", 72)
	digest, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	u := f.add(t, "ada@example.com", func(nu *user.NewUser) { nu.PasswordDigest = user.Digest(digest) })
	if err := f.VerifyPassword(t.Context(), u, "y"+password[1:]); !errors.Is(err, user.ErrPasswordWrong) {
		t.Errorf("wrong password: %v", err)
	}
	if err := f.VerifyPassword(t.Context(), u, password+"tail"); err != nil {
		t.Errorf("bcrypt reads 72 bytes: %v", err)
	}
	stored, err := f.ByID(t.Context(), u.ID)
	if err != nil || !strings.HasPrefix(string(stored.PasswordDigest), "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("digest begins %.12s, %v; want argon2id", string(stored.PasswordDigest), err)
	}
	if stored.PasswordUpdatedAt != u.PasswordUpdatedAt || slices.Contains(f.pending(t), user.EventPasswordChanged) {
		t.Error("a new digest counts as a new password")
	}
	if err := f.VerifyPassword(t.Context(), stored, password); !errors.Is(err, user.ErrPasswordWrong) {
		t.Errorf("argon2id reads everything: %v", err)
	}
	hashes = 0
	if err := f.VerifyPassword(t.Context(), stored, password+"tail"); err != nil || hashes != 1 {
		t.Errorf("the second sign-in: %v, %d hashes; want one", err, hashes)
	}
	// A value read before somebody changed the password does not bring the old one back.
	changed := f.mustUpdate(t, u.ID, user.Change{Password: ptr(good)})
	if err := f.VerifyPassword(t.Context(), u, password+"tail"); err != nil {
		t.Fatal(err)
	}
	if now, _ := f.ByID(t.Context(), u.ID); now.PasswordDigest != changed.PasswordDigest {
		t.Error("a stale sign-in replaced a new password")
	}
}

// P-02: so is one of lower cost; one of higher cost stays.
func TestDigestOfAnotherCost(t *testing.T) {
	strong, err := user.NewHasher(user.HasherConfig{MemoryKiB: 20000, Iterations: 3})
	if err != nil {
		t.Fatal(err)
	}
	weakDigest, err := fastHasher(t).Hash(t.Context(), good)
	if err != nil {
		t.Fatal(err)
	}
	strongDigest, err := strong.Hash(t.Context(), good)
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, func(c *user.Config) { c.Hasher = strong })
	u := f.add(t, "ada@example.com", func(nu *user.NewUser) { nu.PasswordDigest = weakDigest })
	if err := f.VerifyPassword(t.Context(), u, good); err != nil {
		t.Fatal(err)
	}
	if now, _ := f.ByID(t.Context(), u.ID); !strings.Contains(string(now.PasswordDigest), "m=20000,t=3") {
		t.Error("a digest of lower cost stayed")
	}
	g := newFixture(t)
	v := g.add(t, "ada@example.com", func(nu *user.NewUser) { nu.PasswordDigest = strongDigest })
	if err := g.VerifyPassword(t.Context(), v, good); err != nil {
		t.Fatal(err)
	}
	if now, _ := g.ByID(t.Context(), v.ID); now.PasswordDigest != strongDigest {
		t.Error("a digest of higher cost was replaced")
	}
}

// P-07: exactly one hash at the current cost, whoever it is.
func TestEveryPathCostsTheSame(t *testing.T) {
	f := newFixture(t)
	var work []user.Work
	f.hasher.Observe(func(w user.Work) { work = append(work, w) })
	with := f.add(t, "ada@example.com", withPassword(good))
	without := f.add(t, "bob@example.com")
	banned := f.add(t, "cem@example.com", withPassword(good), func(nu *user.NewUser) { nu.Banned = true })
	locked := f.add(t, "dan@example.com", withPassword(good), func(nu *user.NewUser) { nu.Locked = true })
	for _, test := range []struct {
		name     string
		u        *user.User
		password string
		want     error
	}{
		{"right", with, good, nil},
		{"wrong", with, "wrong horse battery", user.ErrPasswordWrong},
		{"empty", with, "", user.ErrPasswordWrong},
		{"huge", with, strings.Repeat("x", 1<<20), user.ErrPasswordWrong},
		{"unknown", nil, good, user.ErrPasswordWrong},
		{"without password", without, good, user.ErrNoPassword},
		{"banned", banned, good, user.ErrPasswordWrong},
		{"locked", locked, good, user.ErrPasswordWrong},
	} {
		work = nil
		if err := f.VerifyPassword(t.Context(), test.u, test.password); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
		if !slices.Equal(work, []user.Work{{MemoryKiB: 19456, Iterations: 2}}) {
			t.Errorf("%s: work %v, want one hash at the current cost", test.name, work)
		}
	}
}

func BenchmarkVerifyPassword(b *testing.B) {
	f := newFixture(b)
	u := f.add(b, "ada@example.com", withPassword(good))
	for name, who := range map[string]*user.User{"known": u, "unknown": nil} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_ = f.VerifyPassword(b.Context(), who, "wrong horse battery")
			}
		})
	}
}

func TestPasswordChange(t *testing.T) {
	f := newFixture(t)
	u := f.add(t, "ada@example.com", withPassword(good))
	f.advance(1)
	_, err := f.Update(t.Context(), u.ID, user.Change{Password: ptr(good), RefuseSamePassword: true})
	wantRule(t, err, "password", user.RulePasswordSame)
	changed := f.mustUpdate(t, u.ID, user.Change{Password: ptr("another good one"), RefuseSamePassword: true})
	if err := f.VerifyPassword(t.Context(), changed, "another good one"); err != nil {
		t.Error(err)
	}
	if err := f.VerifyPassword(t.Context(), changed, good); !errors.Is(err, user.ErrPasswordWrong) {
		t.Errorf("the old password: %v", err)
	}
	if got := f.handled(); !slices.Equal(got, []user.EventType{user.EventPasswordChanged}) {
		t.Errorf("handled at once: %v", got)
	}
	if _, err := f.Update(t.Context(), "user_unknown", user.Change{Password: ptr(good)}); !errors.Is(err, user.ErrNotFound) {
		t.Errorf("Update of nobody = %v", err)
	}
	_, err = f.Update(t.Context(), u.ID, user.Change{Password: ptr(good), PasswordDigest: changed.PasswordDigest})
	wantRule(t, err, "password_digest", user.RuleValue)
	_, err = f.Update(t.Context(), u.ID, user.Change{PasswordDigest: "plain"})
	wantRule(t, err, "password_digest", user.RuleDigest)
}

// The rules of now decide about a new password; what they say outside of the bounds
// counts as the bound (P-04).
func TestPasswordRulesMayChange(t *testing.T) {
	f := newFixture(t)
	for _, tt := range []struct {
		least, length int
		ok            bool
	}{{0, 7, false}, {0, 8, true}, {3, 7, false}, {12, 11, false}, {12, 12, true}, {9999, 255, false}, {9999, 256, true}} {
		f.rules.MinLength = tt.least
		_, err := f.HashPassword(t.Context(), strings.Repeat("q7", 200)[:tt.length])
		if (err == nil) != tt.ok {
			t.Errorf("%d of at least %d: %v", tt.length, tt.least, err)
		}
	}
	f.rules = user.PasswordRules{AppName: "hydroponics"}
	_, err := f.HashPassword(t.Context(), "Hydroponics")
	wantRule(t, err, "password", user.RulePasswordIdentifier)
}
