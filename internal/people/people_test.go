package people_test

import (
	"reflect"
	"testing"

	"github.com/gatehouse-dev/gatehouse/internal/people"
	"github.com/gatehouse-dev/gatehouse/user"
)

func TestSameSeedSameUsers(t *testing.T) {
	a, b, other := people.New(1), people.New(1), people.New(2)
	kinds := map[user.Kind]int{}
	differ := false
	for n := range 500 {
		u, v := a.User(), b.User()
		if !reflect.DeepEqual(u, v) {
			t.Fatalf("user %d differs for one seed:\n%+v\n%+v", n, u, v)
		}
		differ = differ || u.ID != other.User().ID
		if !u.ID.Valid() || u.Identifications[0].Value != people.Address(n) {
			t.Errorf("user %d: id %s, address %s", n, u.ID, u.Identifications[0].Value)
		}
		for _, i := range u.Identifications {
			kinds[i.Kind]++
		}
	}
	if !differ || len(kinds) != 5 {
		t.Errorf("seeds matter: %v; kinds: %v", differ, kinds)
	}
}
