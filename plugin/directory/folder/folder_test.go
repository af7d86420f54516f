package folder_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/folder"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/object"
	"github.com/caddy-wechat-card/caddy-wechat-card/plugin/directory/sealed"
)

// id makes an app id of a number.
func id(n int) string { return fmt.Sprintf("wx%016x", n) }

// data is an account's object.
func data(n int, alias, secret string) string {
	if alias != "" {
		alias = `"alias":"` + alias + `",`
	}
	return fmt.Sprintf(`{"app_id":"%s",%s"app_secret":"%s"}`, id(n), alias, secret)
}

// site is a folder with a Folder on it, whose clock the test turns.
type site struct {
	t    *testing.T
	dir  string
	mu   sync.Mutex
	now  time.Time
	log  bytes.Buffer
	f    *folder.Folder
	keys *sealed.Keys
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir(), now: time.Now()}
	var err error
	if s.keys, err = sealed.New(strings.Repeat("k", 32)); err != nil {
		t.Fatal(err)
	}
	s.f, err = folder.New(folder.Config{
		Folder: s.dir, Keys: s.keys, Logger: slog.New(slog.NewTextHandler(&s.log, nil)),
		Now: func() time.Time { s.mu.Lock(); defer s.mu.Unlock(); return s.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.f.Close)
	return s
}

// later turns the clock.
func (s *site) later(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func (s *site) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// want checks whose a name is, and with which secret; secret is "": nobody's.
func (s *site) want(name string, n int, secret string) {
	s.t.Helper()
	e, err := s.f.Look(s.t.Context(), name)
	if secret == "" && !errors.Is(err, directory.ErrUnknown) {
		s.t.Errorf("%s: got %+v, %v", name, e, err)
	}
	if secret != "" && (err != nil || e.AppID != id(n) || !strings.Contains(string(e.Object), `"`+secret+`"`)) {
		s.t.Errorf("%s: got %+v %s, %v", name, e, e.Object, err)
	}
}

func TestLook(t *testing.T) {
	s := newSite(t)
	closed, _ := s.keys.Seal("hidden")
	s.write(id(1)+".json", data(1, "tea", "one"))
	s.write(id(2)+".json", data(2, "", closed))
	s.write("README.md", "accounts")
	s.write("wx1.json", data(1, "x", "one"))
	s.write("."+id(3)+".json", data(3, "y", "one"))
	s.want(id(1), 1, "one")
	s.want("tea", 1, "one")
	s.want(id(2), 2, "hidden")
	for _, name := range []string{id(3), "x", "y", "milk"} {
		s.want(name, 0, "")
	}
	if s.f.Name() != "file "+s.dir || s.f.Fresh() > 500*time.Millisecond {
		t.Errorf("got %s, %v", s.f.Name(), s.f.Fresh())
	}
}

func TestChanges(t *testing.T) {
	s := newSite(t)
	s.want("tea", 0, "")
	s.write(id(1)+".json", data(1, "tea", "one"))
	s.want(id(1), 1, "one")
	s.later(time.Second)
	s.want("tea", 1, "one")
	e, _ := s.f.Look(t.Context(), id(1))
	s.write(id(1)+".json", data(1, "tea", "two")) // as long, and at the same time for what a file system may know
	s.want(id(1), 1, "two")
	if again, _ := s.f.Look(t.Context(), id(1)); again.Version == e.Version {
		t.Error("the version is the same")
	}

	s.later(time.Hour) // now it is believed unless its time changes
	s.want(id(1), 1, "two")
	s.write(id(1)+".json", data(1, "milk", "three"))
	s.want(id(1), 1, "three")
	s.want("milk", 1, "three")
	s.want("tea", 0, "")
	replaced := filepath.Join(s.dir, "new")
	s.write("new", data(1, "milk", "four4"))
	if err := os.Rename(replaced, filepath.Join(s.dir, id(1)+".json")); err != nil {
		t.Fatal(err)
	}
	s.want(id(1), 1, "four4")
	if err := os.Remove(filepath.Join(s.dir, id(1)+".json")); err != nil {
		t.Fatal(err)
	}
	s.later(time.Second)
	s.want(id(1), 0, "")
	s.want("milk", 0, "")
}

// A broken file is no account that is gone, and none of what others have.
func TestBrokenFiles(t *testing.T) {
	s := newSite(t)
	s.write(id(1)+".json", data(1, "tea", "one"))
	s.write(id(2)+".json", data(2, "milk", "two"))
	s.want("tea", 1, "one")
	for name, text := range map[string]string{
		"empty": "", "half": data(1, "tea", "one")[:30], "another's": data(2, "tea", "one"), "no account": `{"app_id":"` + id(1) + `"}`,
		"endless": strings.Repeat(" ", 1<<20), "sealed elsewhere": data(1, "tea", "sealed:AAAA"),
	} {
		s.write(id(1)+".json", text)
		for _, asked := range []string{id(1), "tea"} {
			e, err := s.f.Look(t.Context(), asked)
			if broken, ok := errors.AsType[*directory.Broken](err); !ok || broken.Name != id(1) {
				t.Errorf("%s: got %+v, %v", name, e, err)
			}
		}
		s.later(time.Second)
	}
	s.want("milk", 2, "two")
	list, err := s.f.List(t.Context())
	if len(list) != 2 || list[0].Alias != "tea" || err == nil || strings.Contains(err.Error(), "AAAA") {
		t.Errorf("got %+v, %v", list, err)
	}
	s.write(id(1)+".json", data(1, "tea", "again"))
	s.want("tea", 1, "again")

	if err := os.Remove(filepath.Join(s.dir, id(1)+".json")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(s.dir, id(1)+".json"), 0o700); err != nil {
		t.Fatal(err)
	}
	if e, err := s.f.Look(t.Context(), id(1)); err == nil || errors.Is(err, directory.ErrUnknown) {
		t.Errorf("a folder: got %+v, %v", e, err)
	}
	// A folder that is gone, as one that is not mounted, does not say that there are no accounts.
	if err := os.RemoveAll(s.dir); err != nil {
		t.Fatal(err)
	}
	s.later(time.Hour)
	for _, name := range []string{id(2), "milk"} {
		if e, err := s.f.Look(t.Context(), name); err == nil || errors.Is(err, directory.ErrUnknown) {
			t.Errorf("%s without a folder: got %+v, %v", name, e, err)
		}
	}
}

// A Secret of Kubernetes is a folder of links to links, of which one is turned.
func TestLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links want rights there")
	}
	s := newSite(t)
	for version, secret := range map[string]string{"..1": "one", "..2": "two"} {
		if err := os.Mkdir(filepath.Join(s.dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		s.write(filepath.Join(version, id(1)+".json"), data(1, "tea", secret))
	}
	link := func(to, from string) {
		if err := os.Symlink(to, filepath.Join(s.dir, "tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(s.dir, "tmp"), filepath.Join(s.dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	link("..1", "..data")
	link(filepath.Join("..data", id(1)+".json"), id(1)+".json")
	s.want("tea", 1, "one")
	s.later(time.Minute)
	s.want("tea", 1, "one")
	link("..2", "..data")
	s.want("tea", 1, "two")
}

func TestOneAlias(t *testing.T) {
	s := newSite(t)
	s.write(id(3)+".json", data(3, "tea", "three"))
	s.write(id(2)+".json", data(2, "tea", "two"))
	for range 5 {
		s.want("tea", 2, "two")
		s.later(time.Second)
	}
	if n := strings.Count(s.log.String(), "\n"); n != 1 || !strings.Contains(s.log.String(), id(3)) {
		t.Errorf("logged %s", s.log.String())
	}
	s.write(id(1)+".json", data(1, "tea", "one"))
	s.want("tea", 1, "one")
}

func TestPutAndRemove(t *testing.T) {
	s := newSite(t)
	s.want("tea", 0, "")
	closed, _ := s.keys.Seal("hidden")
	if err := s.f.Put(t.Context(), id(1), []byte(data(1, "tea", closed))); err != nil {
		t.Fatal(err)
	}
	s.want("tea", 1, "hidden")
	path := filepath.Join(s.dir, id(1)+".json")
	if raw, _ := os.ReadFile(path); !strings.Contains(string(raw), closed) {
		t.Errorf("%s does not stay sealed", raw)
	}
	if runtime.GOOS != "windows" {
		if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v", info.Mode())
		}
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.f.Put(t.Context(), id(1), []byte(data(1, "milk", "two"))); err != nil {
		t.Fatal(err)
	}
	s.want("milk", 1, "two")
	s.want("tea", 0, "")
	if info, _ := os.Stat(path); runtime.GOOS != "windows" && info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v", info.Mode())
	}
	for name, text := range map[string]string{"another's": data(2, "", "x"), "no account": "{}", "half": "{"} {
		if err := s.f.Put(t.Context(), id(1), []byte(text)); !errors.As(err, new(*object.Fault)) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	s.want("milk", 1, "two")
	if err := s.f.Remove(t.Context(), id(1)); err != nil {
		t.Fatal(err)
	}
	s.want("milk", 0, "")
	s.want(id(1), 0, "")
	if err := s.f.Remove(t.Context(), id(1)); !errors.Is(err, directory.ErrUnknown) {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(s.dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestNew(t *testing.T) {
	s := newSite(t)
	s.write("x", "")
	for _, path := range []string{"x", "nothing"} {
		if _, err := folder.New(folder.Config{Folder: filepath.Join(s.dir, path)}); err == nil {
			t.Errorf("%s: no error", path)
		}
	}
}

func TestManyFiles(t *testing.T) {
	s := newSite(t)
	const most = 2000
	for n := range most {
		s.write(id(n+1)+".json", data(n+1, fmt.Sprintf("shop-%d", n+1), "one"))
	}
	list, err := s.f.List(t.Context())
	if err != nil || len(list) != most || list[0].AppID != id(1) || list[most-1].AppID != id(most) {
		t.Fatalf("got %d, %v", len(list), err)
	}
	began := time.Now()
	for n := range most { // of these one scans
		s.want(fmt.Sprintf("shop-%d", n+1), n+1, "one")
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
}
