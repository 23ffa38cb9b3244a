package apierr

// Envelope is the body of every error answer.
type Envelope struct {
	Errors  []Item        `json:"errors"`
	Meta    *EnvelopeMeta `json:"meta,omitempty"`
	TraceID string        `json:"clerk_trace_id"` // 32 hex digits, also in the log
}

// EnvelopeMeta carries the browser's client, as answers without error do.
type EnvelopeMeta struct {
	Client any `json:"client"`
}

// Item is one error of an [Envelope].
type Item struct {
	Message     string         `json:"message"`
	LongMessage string         `json:"long_message"`
	Code        string         `json:"code"`
	Meta        map[string]any `json:"meta,omitempty"`
}

// Envelope renders e. client is nil where the API has none or its state is unchanged.
func (e *Error) Envelope(traceID string, client any) Envelope {
	item := Item{Message: e.Message, LongMessage: e.LongMessage, Code: e.Code}
	if e.Param != "" {
		e = e.With("param_name", e.Param)
	}
	item.Meta = e.Meta
	env := Envelope{Errors: []Item{item}, TraceID: traceID}
	if client != nil {
		env.Meta = &EnvelopeMeta{Client: client}
	}
	return env
}
