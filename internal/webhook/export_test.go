package webhook

import "context"

// Deliver makes the tries that are due now, as Run does, and waits for them.
func (s *Service) Deliver(ctx context.Context) error {
	due, err := s.dueEndpoints(ctx)
	for _, e := range due {
		s.work(ctx, e)
	}
	return err
}
