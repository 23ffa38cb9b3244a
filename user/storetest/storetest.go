// Package storetest is the contract of user.Store, user.Outbox, user.Transactor,
// user.TicketStore and user.BulkStore as tests. Every backend passes [Run].
package storetest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/random"
	"github.com/gatehouse-dev/gatehouse/user"
)

// Run checks the stores that open returns. open returns an empty store and releases it
// with t.Cleanup. The store must also be a user.Outbox, a user.Transactor, a
// user.TicketStore and a user.BulkStore, and have a method DB() *sql.DB that returns what transactions begin on.
func Run(t *testing.T, open func(*testing.T) user.Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, user.Store)
	}{
		{"NotFound", notFound},
		{"ReturnsWhatCreateStored", returnsWhatCreateStored},
		{"TimesAreMilliseconds", timesAreMilliseconds},
		{"TextsAreBytes", textsAreBytes},
		{"ClaimedKeyIsTaken", claimedKeyIsTaken},
		{"UnclaimedKeyIsFree", unclaimedKeyIsFree},
		{"SameKeyOfAnotherKind", sameKeyOfAnotherKind},
		{"ExternalIDTaken", externalIDTaken},
		{"ParallelCreatesOfOneAddress", parallelCreates},
		{"CreateIsCancelled", createIsCancelled},

		{"UpdateStores", updateStores},
		{"UpdateOfIdentifications", updateOfIdentifications},
		{"UpdateFailsWhole", updateFailsWhole},
		{"UpdateTaken", updateTaken},
		{"UpdateKeepsIdentificationsOfOthers", updateKeepsOthers},
		{"ParallelUpdates", parallelUpdates},
		{"ParallelUpdatesOfIdentifications", parallelIdentifications},

		{"DeleteFreesIdentifiers", deleteFreesIdentifiers},
		{"DeleteOfUnknown", deleteOfUnknown},

		{"ImageIsReplacedAndRemoved", imageIsReplacedAndRemoved},
		{"ImageOfFailedUpdate", imageOfFailedUpdate},
		{"ImageIsDeletedWithUser", imageIsDeletedWithUser},
		{"ParallelImages", parallelImages},

		{"FindFilters", findFilters},
		{"FindNobody", findNobody},
		{"FindTextIsLiteral", findTextIsLiteral},
		{"FindOrders", findOrders},
		{"FindPagesWithTies", findPagesWithTies},
		{"FindStartingAfter", findStartingAfter},
		{"FindUnknownOrder", findUnknownOrder},
		{"FindAfterPosition", findAfterPosition},
		{"FindAfterPositionUnderWrites", findUnderWrites},
		{"FindTextFollowsChanges", findTextFollowsChanges},
		{"FindAmongMany", findAmongMany},

		{"CreateManyRefusesSome", createManyRefusesSome},
		{"CreateManyFailsWhole", createManyFailsWhole},
		{"DeleteMany", deleteMany},
		{"Scan", scan},

		{"EventsInOrder", eventsInOrder},
		{"EventsOfFailedWrites", eventsOfFailedWrites},
		{"EventsDoneAndPurged", eventsDoneAndPurged},
		{"PublicationsTellOfTheChange", publicationsTellOfTheChange},
		{"PublicationsOfNoPassword", publicationsOfNoPassword},
		{"PublishedAndPurged", publishedAndPurged},

		{"TxCommits", txCommits},
		{"TxRollsBack", txRollsBack},
		{"TxSavepoints", txSavepoints},
		{"TxOutbox", txOutbox},

		{"TicketRoundTrip", ticketRoundTrip},
		{"TicketNotFound", ticketNotFound},
		{"TicketSettledOnce", ticketSettledOnce},
		{"TicketExpiry", ticketExpiry},
		{"ParallelSettlings", parallelSettlings},
		{"TokensGoWithTheirUser", tokensGoWithTheirUser},
		{"TokensPurged", tokensPurged},
		{"SoleInvitation", soleInvitation},
		{"ParallelSoleInvitations", parallelSoleInvitations},
		{"CreateInvited", createInvited},
		{"CreateInvitedFailsWhole", createInvitedFailsWhole},
		{"ParallelCreatesByInvitation", parallelInvited},
		{"FindInvitations", findInvitations},
		{"TicketsInTx", ticketsInTx},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// noon is when everything in these tests happens.
var noon = time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)

// newUser returns a user with one verified, primary address.
func newUser(address string) *user.User {
	u := &user.User{
		ID: user.ID(random.ID("user", noon)), DeleteSelfEnabled: true, CreateOrganizationEnabled: true,
		PublicMetadata: json.RawMessage(`{}`), PrivateMetadata: json.RawMessage(`{}`), UnsafeMetadata: json.RawMessage(`{}`),
		CreatedAt: noon, UpdatedAt: noon,
	}
	u.PrimaryEmailAddressID = identify(u, user.KindEmailAddress, address, true)
	return u
}

// identify adds an identification whose key is its value.
func identify(u *user.User, kind user.Kind, value string, claimed bool) user.IdentificationID {
	i := user.Identification{
		ID: user.IdentificationID(random.ID("idn", noon)), UserID: u.ID, Kind: kind, Value: value, Key: value,
		Claimed: claimed, CreatedAt: noon, UpdatedAt: noon,
	}
	if claimed && kind != user.KindUsername {
		i.Verification = &user.Verification{Status: "verified", Strategy: "admin"}
	}
	if kind == user.KindUsername {
		u.Username = value
	}
	u.Identifications = append(u.Identifications, i)
	return i.ID
}

func newEvent(t user.EventType, id user.ID) user.Event {
	return user.Event{ID: random.ID("evt", noon), Type: t, UserID: id, At: noon}
}

// create stores users, each after the one before.
func create(t *testing.T, s user.Store, users ...*user.User) {
	t.Helper()
	for _, u := range users {
		if err := s.Create(t.Context(), u); err != nil {
			t.Fatalf("Create: %v", err)
		}
	}
}

func byID(t *testing.T, s user.Store, id user.ID) *user.User {
	t.Helper()
	u, err := s.ByID(t.Context(), id)
	if err != nil {
		t.Fatalf("ByID: %v", err)
	}
	return u
}

// mustEqual compares field by field and prints those that differ.
func mustEqual(t *testing.T, what string, got, want *user.User) {
	t.Helper()
	g, w := reflect.ValueOf(*got), reflect.ValueOf(*want)
	for n := range g.NumField() {
		if !reflect.DeepEqual(g.Field(n).Interface(), w.Field(n).Interface()) {
			t.Errorf("%s: %s = %v, want %v", what, g.Type().Field(n).Name, show(g.Field(n)), show(w.Field(n)))
		}
	}
}

func show(v reflect.Value) string {
	if raw, ok := v.Interface().(json.RawMessage); ok {
		return string(raw)
	}
	return fmt.Sprintf("%+v", v.Interface())
}
