package backendapi

// UserID and SessionID are what routes do with an {id} of their path.
func UserID(value string) error {
	_, err := (&call{values: map[string]string{"id": value}}).userID()
	return err
}

func SessionID(value string) error {
	_, err := (&call{values: map[string]string{"id": value}}).sessionID()
	return err
}

// Routes lists the table, one route a line.
func (h *Handler) Routes() []string { return h.routes.Patterns() }
