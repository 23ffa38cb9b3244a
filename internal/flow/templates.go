package flow

import (
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"io/fs"
	"slices"
	texttemplate "text/template"
)

//go:embed templates
var embedded embed.FS

// templates make messages: NAME.txt and NAME.html a mail, of which the first line of the
// text is the subject, and NAME.sms.txt a text message.
type templates struct {
	text *texttemplate.Template
	html *htmltemplate.Template
}

// parseTemplates returns the built-in templates, each with the one of the same name in
// over in its place. Files that stand for no template, and templates that fail, are errors:
// a misspelt name must not go unnoticed until somebody gets the mail. nil is none.
func parseTemplates(over fs.FS) (*templates, error) {
	t := &templates{
		text: texttemplate.Must(texttemplate.ParseFS(embedded, "templates/*.txt")),
		html: htmltemplate.Must(htmltemplate.ParseFS(embedded, "templates/*.html")),
	}
	if over == nil {
		return t, nil
	}
	known, err := fs.Glob(embedded, "templates/*")
	if err != nil {
		return nil, err
	}
	files, err := fs.ReadDir(over, ".")
	if err != nil {
		return nil, fmt.Errorf("read templates: %w", err)
	}
	for _, f := range files {
		if !slices.Contains(known, "templates/"+f.Name()) {
			return nil, fmt.Errorf("%s stands for no template", f.Name())
		}
		if err := t.replace(over, f.Name()); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// replace puts the template of a file in place of the built-in one, and tries it.
func (t *templates) replace(over fs.FS, name string) error {
	source, err := fs.ReadFile(over, name)
	if err != nil {
		return fmt.Errorf("read template: %w", err)
	}
	sample := words{AppName: "App", Name: "Ada", Code: "000000", Link: "https://app.example.com/", Minutes: 10, Days: 30, SignIn: "https://app.example.com/", Address: "a***"}
	var tried error
	if t.html.Lookup(name) != nil {
		_, err = t.html.New(name).Parse(string(source))
		// An html/template that has run takes no more templates, so a copy runs.
		if copied, cloneErr := t.html.Clone(); err == nil && cloneErr == nil {
			tried = copied.ExecuteTemplate(io.Discard, name, sample)
		} else {
			tried = cloneErr
		}
	} else {
		_, err = t.text.New(name).Parse(string(source))
		if err == nil {
			tried = t.text.ExecuteTemplate(io.Discard, name, sample)
		}
	}
	if err := errors.Join(err, tried); err != nil {
		return fmt.Errorf("template: %w", err)
	}
	return nil
}
