package gatehousetest

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/user"
)

// Password is what CreateUser sets unless told otherwise.
const Password = "correct horse battery staple"

// UserOption changes the user that CreateUser makes.
type UserOption func(*user.NewUser)

// Email gives the user a verified e-mail address; the first one is primary.
// Without it CreateUser makes one up.
func Email(address string) UserOption {
	return func(u *user.NewUser) {
		u.EmailAddresses = append(u.EmailAddresses, user.NewIdentifier{Value: address, Strategy: "email_code"})
	}
}

// WithPassword sets another password than Password; "" sets none.
func WithPassword(password string) UserOption {
	return func(u *user.NewUser) { u.Password = password }
}

// Name sets first and last name.
func Name(first, last string) UserOption {
	return func(u *user.NewUser) { u.FirstName, u.LastName = first, last }
}

// PublicMetadata sets what the Frontend API shows and only servers write.
func PublicMetadata(v any) UserOption {
	return func(u *user.NewUser) { u.PublicMetadata = mustJSON(v) }
}

// PrivateMetadata sets what only servers see.
func PrivateMetadata(v any) UserOption {
	return func(u *user.NewUser) { u.PrivateMetadata = mustJSON(v) }
}

// With lets change edit everything else.
func With(change func(*user.NewUser)) UserOption { return change }

func mustJSON(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("gatehousetest: metadata: %v", err))
	}
	return raw
}

// CreateUser makes a user with a verified e-mail address and Password.
func (s *Server) CreateUser(opts ...UserOption) *user.User {
	s.t.Helper()
	nu := user.NewUser{Password: Password}
	for _, opt := range opts {
		opt(&nu)
	}
	if len(nu.EmailAddresses) == 0 {
		Email(fmt.Sprintf("user%d@example.com", s.users.Add(1)))(&nu)
	}
	u, err := s.Users().Create(s.t.Context(), nu)
	if err != nil {
		s.t.Fatalf("gatehousetest: create user: %v", err)
	}
	return u
}

// SignIn starts a session for the user on a browser of its own and returns the
// browser: it carries the cookies that a sign-in page would have left, the session
// token included.
func (s *Server) SignIn(u *user.User) *http.Client {
	s.t.Helper()
	client := s.Client()
	cookie, ss := s.startSession(u)
	s.setCookies(client, cookie, ss)
	return client
}

// Token returns a session token for the user, on a session of its own: what an app
// sends as "Authorization: Bearer".
func (s *Server) Token(u *user.User) string {
	s.t.Helper()
	_, ss := s.startSession(u)
	return s.mint(ss)
}

// startSession signs the user in on a new browser, behind the sign-in flow.
func (s *Server) startSession(u *user.User) (session.Cookie, session.Session) {
	s.t.Helper()
	ctx := s.t.Context()
	c, cookie, err := s.Sessions().NewClient(ctx)
	if err != nil {
		s.t.Fatalf("gatehousetest: make client: %v", err)
	}
	ss, err := s.Sessions().Start(ctx, session.NewSession{
		ClientID: c.ID, UserID: string(u.ID), AsOf: s.Clock.Now(), Strategy: "password",
	})
	if err != nil {
		s.t.Fatalf("gatehousetest: start session: %v", err)
	}
	return cookie, ss
}

func (s *Server) mint(ss session.Session) string {
	s.t.Helper()
	token, err := s.Sessions().Token(s.t.Context(), ss, s.URL)
	if err != nil {
		s.t.Fatalf("gatehousetest: mint token: %v", err)
	}
	return token
}
