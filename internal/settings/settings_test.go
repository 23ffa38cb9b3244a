package settings_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-dev/gatehouse/internal/document"
	"github.com/gatehouse-dev/gatehouse/internal/settings"
	"github.com/gatehouse-dev/gatehouse/internal/sqldb"
)

// options are the settings of these tests.
type options struct {
	Name  string   `json:"name"`
	Most  int      `json:"most"`
	Ways  []string `json:"ways"`
	Mail  part     `json:"mail"`
	Pause pause    `json:"pause"`
}

type part struct {
	On   bool `json:"on"`
	Must bool `json:"must"`
}

type pause time.Duration

func (p *pause) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*p = pause(d)
	return err
}

func (p pause) MarshalText() ([]byte, error) { return []byte(time.Duration(p).String()), nil }

func defaults() options {
	return options{Name: "Acme", Most: 8, Ways: []string{"a", "b"}, Mail: part{On: true}, Pause: pause(time.Hour)}
}

// validate knows a rule about one field and one about two.
func validate(o options) error {
	if o.Most < 8 {
		return &settings.ValueError{Name: "most", Problem: "is less than 8"}
	}
	if o.Mail.Must && !o.Mail.On {
		return &settings.ValueError{Name: "mail.must", Problem: "needs mail.on"}
	}
	return nil
}

type live = settings.Live[options]

// instance is one database; open begins a process on it.
type instance struct {
	t     *testing.T
	store *document.Store
	db    *sqldb.DB
}

func newInstance(t *testing.T) *instance {
	t.Helper()
	db, err := sqldb.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
	must(t, err)
	t.Cleanup(func() { db.Close() })
	store, err := document.NewStore(t.Context(), db)
	must(t, err)
	return &instance{t: t, store: store, db: db}
}

func (i *instance) try(pinned ...string) (*live, error) {
	return settings.Open(i.t.Context(), settings.Config[options]{
		Defaults: defaults(), Pinned: pinned, Validate: validate, Documents: i.store,
	})
}

func (i *instance) open(pinned ...string) *live {
	i.t.Helper()
	l, err := i.try(pinned...)
	must(i.t, err)
	return l
}

// change changes settings by JSON.
func change(t *testing.T, l *live, body string) error {
	t.Helper()
	var changes map[string]json.RawMessage
	must(t, json.Unmarshal([]byte(body), &changes))
	return l.Change(t.Context(), changes, nil)
}

// changed lists what operators changed.
func changed(l *live) []string {
	var names []string
	all, _ := l.All()
	for _, s := range all {
		if s.Changed {
			names = append(names, s.Name+"="+string(s.Value))
		}
	}
	return names
}

func TestChange(t *testing.T) {
	i := newInstance(t)
	l, other := i.open(), i.open()
	before := l.Current()
	must(t, change(t, l, `{"name":"Zoo","ways":["c"],"mail":{"must":true},"pause":"90s"}`))
	if want := []string{`name="Zoo"`, `ways=["c"]`, `mail.must=true`, `pause="1m30s"`}; !slices.Equal(changed(l), want) {
		t.Errorf("changed = %v, want %v", changed(l), want)
	}
	if before == l.Current() || before.Name != "Acme" || !slices.Equal(before.Ways, []string{"a", "b"}) {
		t.Errorf("what was handed out before changed: %+v", before)
	}
	if other.Current().Name != "Acme" {
		t.Error("another process knows before it looked")
	}
	must(t, other.Refresh(t.Context()))
	if o := other.Current(); o.Name != "Zoo" || !o.Mail.Must || !o.Mail.On || time.Duration(o.Pause) != 90*time.Second || other.Version() != 1 {
		t.Errorf("another process has %+v, version %d", o, other.Version())
	}
	// Back to the defaults, one and a group.
	must(t, change(t, l, `{"name":null,"mail":null}`))
	if o := l.Current(); o.Name != "Acme" || o.Mail.Must || !slices.Equal(o.Ways, []string{"c"}) {
		t.Errorf("after null: %+v", o)
	}
	// What holds already is no change.
	version := l.Version()
	must(t, change(t, l, `{"name":"Acme","most":8,"pause":"90s"}`))
	if l.Version() != version {
		t.Errorf("version %d after no change, want %d", l.Version(), version)
	}
}

// The defaults of a process keep following its configuration where nobody changed them.
func TestDefaultsFollowTheConfiguration(t *testing.T) {
	i := newInstance(t)
	must(t, change(t, i.open(), `{"most":12}`))
	d := defaults()
	d.Name, d.Most = "Renamed", 9
	l, err := settings.Open(t.Context(), settings.Config[options]{Defaults: d, Validate: validate, Documents: i.store})
	must(t, err)
	if o := l.Current(); o.Name != "Renamed" || o.Most != 12 {
		t.Errorf("settings are %+v", o)
	}
}

func TestChangeRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ body, blamed string }{
		"unknown":        {`{"nam":"x"}`, "nam"},
		"unknown inside": {`{"mail":{"off":true}}`, "mail.off"},
		"other case":     {`{"Name":"x"}`, "Name"},
		"wrong type":     {`{"name":5}`, "name"},
		"fraction":       {`{"most":8.5}`, "most"},
		"text for bool":  {`{"mail":{"on":"true"}}`, "mail.on"},
		"no list":        {`{"ways":"a"}`, "ways"},
		"null in a list": {`{"ways":{"a":null}}`, "ways"},
		"no group":       {`{"mail":true}`, "mail"},
		"no duration":    {`{"pause":"soon"}`, "pause"},
		"rule of one":    {`{"most":7}`, "most"},
		"rule of two":    {`{"mail":{"on":false,"must":true}}`, "mail.must"},
		"second is bad":  {`{"name":"Zoo","most":7}`, "most"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newInstance(t).open()
			err := change(t, l, tt.body)
			blamed := ""
			if e, ok := errors.AsType[*settings.ValueError](err); ok {
				blamed = e.Name
			}
			if e, ok := errors.AsType[*settings.UnknownError](err); ok {
				blamed = e.Name
			}
			if blamed != tt.blamed {
				t.Errorf("Change = %v, want one that blames %s", err, tt.blamed)
			}
			if l.Version() != 0 || l.Current().Name != "Acme" {
				t.Error("a refused change left something")
			}
		})
	}
}

func TestPinned(t *testing.T) {
	i := newInstance(t)
	free := i.open()
	must(t, change(t, free, `{"name":"Zoo","mail":{"must":true}}`))
	l := i.open("name", "mail")
	if o := l.Current(); o.Name != "Acme" || o.Mail.Must {
		t.Errorf("pinned settings are %+v", o)
	}
	if len(changed(l)) != 0 {
		t.Errorf("changed = %v, all of them pinned", changed(l))
	}
	for _, body := range []string{`{"name":"Other"}`, `{"mail":{"on":false}}`, `{"mail.must":true}`} {
		if e, ok := errors.AsType[*settings.PinnedError](change(t, l, body)); !ok {
			t.Errorf("%s: %v, want a PinnedError", body, e)
		}
	}
	must(t, change(t, l, `{"name":"Acme","most":9}`)) // as it is, beside a change
	if l.Current().Most != 9 {
		t.Errorf("most = %d", l.Current().Most)
	}
	if e, ok := errors.AsType[*settings.PinnedError](l.Update(t.Context(), func(o *options) error { o.Mail.On = false; return nil })); !ok || e.Name != "mail.on" {
		t.Errorf("Update of a pinned setting = %v", e)
	}
	if _, err := i.try("nmae"); err == nil {
		t.Error("a name that is none can be pinned")
	}
}

func TestUpdate(t *testing.T) {
	l := newInstance(t).open()
	before := l.Current()
	must(t, l.Update(t.Context(), func(o *options) error {
		o.Ways[0] = "z"
		o.Mail.Must = true
		return nil
	}))
	if before.Ways[0] != "a" {
		t.Error("Update writes through what was handed out")
	}
	if want := []string{`ways=["z","b"]`, `mail.must=true`}; !slices.Equal(changed(l), want) {
		t.Errorf("changed = %v, want %v", changed(l), want)
	}
	mine := errors.New("mine")
	if err := l.Update(t.Context(), func(o *options) error { o.Name = "x"; return mine }); !errors.Is(err, mine) {
		t.Errorf("Update = %v, want its own error", err)
	}
	if e, ok := errors.AsType[*settings.ValueError](l.Update(t.Context(), func(o *options) error { o.Most = 1; return nil })); !ok || e.Path != "Most" {
		t.Errorf("Update to an invalid value = %+v", e)
	}
}

// Of changes made for one version the first holds, and changes of different settings at
// once all hold.
func TestConcurrentChanges(t *testing.T) {
	i := newInstance(t)
	one, two := i.open(), i.open()
	zero := int64(0)
	must(t, one.Change(t.Context(), map[string]json.RawMessage{"most": json.RawMessage("9")}, &zero))
	if err := two.Change(t.Context(), map[string]json.RawMessage{"most": json.RawMessage("10")}, &zero); !errors.Is(err, settings.ErrOutdated) {
		t.Errorf("Change of an old version = %v, want ErrOutdated", err)
	}
	var all sync.WaitGroup
	for name, value := range map[string]string{"name": `"Zoo"`, "ways": `["q"]`, "pause": `"2s"`, "most": `11`} {
		l := i.open()
		all.Go(func() {
			if err := l.Change(context.WithoutCancel(t.Context()), map[string]json.RawMessage{name: json.RawMessage(value)}, nil); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	all.Wait()
	must(t, one.Refresh(t.Context()))
	if o := one.Current(); o.Name != "Zoo" || o.Ways[0] != "q" || o.Most != 11 || time.Duration(o.Pause) != 2*time.Second {
		t.Errorf("settings are %+v", o)
	}
}

// put stores a body into the database as another version of the program may have.
func (i *instance) put(body string) {
	i.t.Helper()
	must(i.t, i.db.Write(i.t.Context(), func(ctx context.Context, q sqldb.Querier) error {
		_, err := q.ExecContext(ctx, `insert into instance_documents (name, version, body, updated_at) values ('settings', 1, $1, 0)
			on conflict (name) do update set version = instance_documents.version + 1, body = excluded.body`, body)
		return err
	}))
}

// A setting of a newer version is ignored, and still there after a change.
func TestSettingsOfANewerVersion(t *testing.T) {
	i := newInstance(t)
	i.put(`{"future":{"x":1},"most":9}`)
	l := i.open()
	must(t, change(t, l, `{"name":"Zoo"}`))
	var body string
	must(t, i.db.Read(t.Context(), func(ctx context.Context, q sqldb.Querier) error {
		return q.QueryRowContext(ctx, `select body from instance_documents`).Scan(&body)
	}))
	var stored map[string]any
	must(t, json.Unmarshal([]byte(body), &stored))
	if names := slices.Sorted(maps.Keys(stored)); !slices.Equal(names, []string{"future", "most", "name"}) {
		t.Errorf("stored: %s", body)
	}
}

// Stored settings that do not go with the configuration refuse to open, and can be
// repaired; while a process runs it keeps the last good ones.
func TestInvalidStoredSettings(t *testing.T) {
	i := newInstance(t)
	running := i.open()
	i.put(`{"most":3,"name":"Zoo"}`)
	if err := running.Refresh(t.Context()); err == nil || running.Current().Name != "Acme" {
		t.Errorf("Refresh = %v, settings %+v", err, running.Current())
	}
	if _, err := i.try(); err == nil {
		t.Fatal("invalid settings open")
	} else if e, ok := errors.AsType[*settings.ValueError](err); !ok || e.Name != "most" {
		t.Errorf("Open = %v, want a ValueError about most", err)
	}
	repair, err := settings.Open(t.Context(), settings.Config[options]{
		Defaults: defaults(), Validate: validate, Documents: i.store, Repair: true,
	})
	must(t, err)
	if err := change(t, repair, `{"name":"Other"}`); err == nil {
		t.Error("Repair stored invalid settings")
	}
	must(t, change(t, repair, `{"most":null}`))
	if o := i.open().Current(); o.Most != 8 || o.Name != "Zoo" {
		t.Errorf("repaired: %+v", o)
	}
	must(t, running.Refresh(t.Context()))
	if running.Current().Name != "Zoo" {
		t.Error("the running process does not follow after the repair")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
