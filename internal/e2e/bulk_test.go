package e2e_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gatehouse "github.com/gatehouse-dev/gatehouse"
	"github.com/gatehouse-dev/gatehouse/internal/people"
	"github.com/gatehouse-dev/gatehouse/internal/testservers"
	"github.com/gatehouse-dev/gatehouse/session"
	"github.com/gatehouse-dev/gatehouse/session/redisstore"
	sessionsql "github.com/gatehouse-dev/gatehouse/session/sqlstore"
	"github.com/gatehouse-dev/gatehouse/user"
	usersql "github.com/gatehouse-dev/gatehouse/user/sqlstore"
)

const (
	bulkOthers = 100 // who do not match
	// crowdBatch is how many are stored at once: on a slow machine a store takes no more in time.
	crowdBatch = 200
	// A development server takes 100 requests in 10 s.
	bulkPoll = 120 * time.Millisecond
)

// Many users, each signed in, are deleted by one request while the server is
// killed in the middle. The job finishes after the restart, and no session of theirs is
// alive; nobody else loses one.
func TestBulkDeleteSurvivesKill(t *testing.T) {
	url, prefix := testservers.Redis(t)
	bulkDeleteSurvivesKill(t, 10_000, testservers.Postgres(t), func(t *testing.T) session.SessionStore {
		s, err := redisstore.Open(t.Context(), redisstore.Config{URL: url, Prefix: prefix, Plaintext: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}, "GATEHOUSE_REDIS_URL="+url, "GATEHOUSE_REDIS_PREFIX="+prefix)
}

func bulkDeleteSurvivesKill(t *testing.T, bulkUsers int, database string, openSessions func(*testing.T) session.SessionStore, env ...string) {
	key := string(gatehouse.NewSecretKey(true))
	server := newProcess(t, crashConfig, append(env, "GATEHOUSE_DATABASE_URL="+database, "GATEHOUSE_SECRET_KEY="+key)...)
	began := time.Now()
	users, err := usersql.Open(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { users.Close() })
	ids := crowd(t, users, bulkUsers)
	sessions := openSessions(t)
	sessionIDs := signAllIn(t, users, sessions, ids)
	t.Logf("%d users signed in after %v", len(ids), time.Since(began))

	server.start()
	api := &operator{t: t, url: server.url, key: key}
	job := api.call(http.MethodPost, "/users/bulk_delete", `{"filter":{"email_address_query":"person."}}`)
	if job.Total != bulkUsers || job.Status != "queued" {
		t.Fatalf("job: %+v", job)
	}
	asked := time.Now()
	for job.Done < bulkUsers/10 {
		time.Sleep(bulkPoll)
		job = api.call(http.MethodGet, "/jobs/"+job.ID, "")
	}
	server.kill()
	if job.Status != "running" {
		t.Fatalf("the job was %s before the server was killed: %+v", job.Status, job)
	}
	t.Logf("killed after %v at %d of %d", time.Since(asked), job.Done, job.Total)
	server.start()
	// What was deleted before the kill has no live session from here on.
	gone := 0
	for n, id := range ids[:bulkUsers] {
		if n%500 != 0 {
			continue
		}
		if _, err := users.ByID(t.Context(), id); errors.Is(err, user.ErrNotFound) {
			gone++
			if got, err := sessions.Get(t.Context(), sessionIDs[n]); err != nil || got.Live(time.Now()) {
				t.Errorf("user %d is deleted and their session is %s, %v", n, got.Status, err)
			}
		}
	}
	if gone == 0 {
		t.Error("nobody was deleted before the kill")
	}
	again := time.Now()
	for job.Status == "running" && time.Since(again) < 2*time.Minute {
		time.Sleep(bulkPoll)
		job = api.call(http.MethodGet, "/jobs/"+job.ID, "")
	}
	if job.Status != "completed" || job.Done != bulkUsers || job.Failed != 0 {
		t.Errorf("job: %+v", job)
	}
	t.Logf("finished %v after the restart", time.Since(again))
	if n, err := users.Count(t.Context(), user.Query{}); err != nil || n != bulkOthers {
		t.Errorf("%d users are left, %v; want %d", n, err, bulkOthers)
	}
	live := 0
	for some := range slices.Chunk(sessionIDs, 1000) {
		found, err := sessions.GetMany(t.Context(), some)
		if err != nil || len(found) != len(some) {
			t.Fatalf("%d sessions of %d, %v", len(found), len(some), err)
		}
		for _, s := range found {
			if s.Live(time.Now()) {
				live++
			}
		}
	}
	if live != bulkOthers {
		t.Errorf("%d sessions are alive, want the %d of the others", live, bulkOthers)
	}
}

// crowd stores those who are to be deleted and then the others, and returns their ids.
func crowd(t *testing.T, store *usersql.Store, bulkUsers int) []user.ID {
	t.Helper()
	maker := people.New(5)
	var ids []user.ID
	for len(ids) < bulkUsers+bulkOthers {
		batch := make([]*user.User, min(crowdBatch, bulkUsers+bulkOthers-len(ids)))
		events := make([]user.Event, len(batch))
		for i := range batch {
			u := maker.User()
			if len(ids) >= bulkUsers {
				first := &u.Identifications[0]
				first.Value = strings.Replace(first.Value, "person.", "other.", 1)
				first.Key = first.Value
			}
			batch[i], events[i] = u, user.Event{ID: "evt_" + string(u.ID), Type: user.EventCreated, UserID: u.ID, At: u.CreatedAt}
			ids = append(ids, u.ID)
		}
		refused, err := store.CreateMany(t.Context(), batch, events)
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range refused {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return ids
}

// signAllIn gives each user a session. A file takes them in one transaction: one each would
// wait for the disk once for each.
func signAllIn(t *testing.T, users *usersql.Store, sessions session.SessionStore, ids []user.ID) []session.ID {
	t.Helper()
	now := time.Now()
	all := make([]session.ID, len(ids))
	made := make([]session.Session, len(ids))
	for n, id := range ids {
		all[n] = session.NewSessionID(string(id))
		made[n] = session.Session{
			ID: all[n], UserID: string(id), ClientID: session.ClientID("client_" + string(id)[len("user_"):]), Status: session.StatusActive,
			CreatedAt: now, UpdatedAt: now, LastActiveAt: now, ExpireAt: now.Add(24 * time.Hour), AbandonAt: now.Add(48 * time.Hour),
		}
	}
	if _, file := sessions.(*sessionsql.Store); !file {
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				for n := w; n < len(made); n += 8 {
					if err := sessions.Create(t.Context(), made[n], now); err != nil {
						t.Errorf("create session: %v", err)
						return
					}
				}
			})
		}
		wg.Wait()
		return all
	}
	if err := sessions.Create(t.Context(), made[0], now); err != nil { // the row that the others are like
		t.Fatal(err)
	}
	tx, err := users.DB().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	insert, err := tx.PrepareContext(t.Context(), `
		insert into sessions (id, client_id, user_id, status, cause, actor, first_factor_at, second_factor_at,
			activity_id, device_type, is_mobile, browser_name, browser_version, ip_address, city, country,
			expire_at, abandon_at, last_active_at, created_at, updated_at, version)
		select $1, $2, $3, status, cause, actor, first_factor_at, second_factor_at,
			activity_id, device_type, is_mobile, browser_name, browser_version, ip_address, city, country,
			expire_at, abandon_at, last_active_at, created_at, updated_at, version
		from sessions where id = $4`)
	if err != nil {
		t.Fatal(err)
	}
	defer insert.Close()
	for _, s := range made[1:] {
		if _, err := insert.ExecContext(t.Context(), string(s.ID), string(s.ClientID), s.UserID, string(all[0])); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return all
}

// operator calls the Backend API of a process.
type operator struct {
	t        *testing.T
	url, key string
}

// bulkJob is a job as the Backend API shows it.
type bulkJob struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	Total  int    `json:"total"`
	Done   int    `json:"done"`
	Failed int    `json:"failed"`
}

func (o *operator) call(method, path, body string) (job bulkJob) {
	o.t.Helper()
	request, err := http.NewRequestWithContext(o.t.Context(), method, o.url+"/api/v1"+path, strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+o.key)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		o.t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&job); err != nil || response.StatusCode != http.StatusOK {
		o.t.Fatalf("%s %s: %s, %v", method, path, response.Status, err)
	}
	return job
}
